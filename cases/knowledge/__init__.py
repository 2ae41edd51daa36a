"""Clinical knowledge as data: conditions, findings and the ways people write them."""

from cases.knowledge.knowledge import Knowledge, load_knowledge
from cases.knowledge.schema import Condition, Finding

__all__ = ["Condition", "Finding", "Knowledge", "load_knowledge"]
