"""The embedded default: PostgreSQL and Valkey from wheels, and the processes behind `burnish up`."""
