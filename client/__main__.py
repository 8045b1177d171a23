"""`python -m client` is the `burnish` command."""

from client.command import main

if __name__ == "__main__":
    main()
