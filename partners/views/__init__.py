"""The pages of the partnership, a module for each thing that people come to do."""
