"""The rule engine: texts, headings and rules in, fired rules with the exact words out.

It knows neither kratom nor PubMed's tables nor the database.
"""
