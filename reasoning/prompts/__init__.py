"""What a model is told: templates as files, one folder a prompt family."""

from reasoning.prompts.prompts import PromptError, in_words_of, neutralise, render, template_sha256

__all__ = ["PromptError", "in_words_of", "neutralise", "render", "template_sha256"]
