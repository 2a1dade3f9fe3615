"""Of notebook 17."""

EQUIVALENT = {
    ("17.mlm_loss", "return -log_p.gather(-1, labels[chosen][:, None]).mean()"): "-1 is the last of two axes, as 1 is",
    ("17.right_share", "p_right, p_wrong = (p.gather(-1, right).sum(dim=1), p.gather(1, wrong).sum(dim=1))"): (
        "-1 is the last of two axes, as 1 is"
    ),
    ("17.right_share", "p_right, p_wrong = (p.gather(1, right).sum(dim=1), p.gather(-1, wrong).sum(dim=1))"): (
        "-1 is the last of two axes, as 1 is"
    ),
    ("17.probe", "eye = torch.eye(X.shape[-1], dtype=X.dtype)"): "-1 is the last of two axes, as 1 is",
}
