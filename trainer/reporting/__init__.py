"""A run's numbers told to TensorBoard, Weights & Biases or MLflow, through their own clients, beside the ledger."""
