"""The models of the course, each built in the notebook that introduces it and imported by later ones."""
