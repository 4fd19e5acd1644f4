"""Fidelity: every stored value against plain XPath on the XML, never through our parser."""
