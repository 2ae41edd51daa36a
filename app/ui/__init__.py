"""Small functions that draw one thing each. Whatever a person pasted or a model wrote passes `escaped` first."""
