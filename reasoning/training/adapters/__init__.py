"""Tuning LoRA adapters on reasoning traces: one trainer for the demonstration model and for a 32-billion-parameter one."""
