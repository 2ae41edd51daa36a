"""Journey learning: from generated cases to texts, tokenizer, base model and adapters."""
