"""Questions that documents do not answer, planted among others: whether the page of gaps shows them."""
