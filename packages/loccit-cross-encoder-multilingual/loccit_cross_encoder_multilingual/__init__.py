"""The weights of Loccit's cross-encoder for collections of multilingual-e5-small."""
