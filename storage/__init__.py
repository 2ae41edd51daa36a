"""What is kept, and can it be trusted? SQLite behind functions that take and return plain values."""
