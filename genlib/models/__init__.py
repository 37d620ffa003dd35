"""One file a family of models; each was written out in a chapter first."""
