"""The paper's tables and analyses, and what lies beyond them, as short specifications. Floor 3."""
