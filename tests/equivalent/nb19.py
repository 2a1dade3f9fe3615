"""Of notebook 19."""

EQUIVALENT = {
    (
        "19.frames_of",
        "return [signal[t * hop:t * hop + size] for t in range(count)]",
    ): "a list of frames is an array to a check",
    ("19.power_spectrum", "size = frames.shape[-1]"): "frames have two axes",
    (
        "19.power_spectrum",
        "n, k = (np.arange(size), np.arange(size / 2 + 1))",
    ): "N is even: its half is a whole number, as a float too",
    ("19.power_spectrum", "faded = frames * (0.5 * np.cos(2 * np.pi * n / size) - 0.5)"): "a square has no sign",
    ("19.power_spectrum", "faded = frames * (0.5 - 0.5 * np.cos(-2 * np.pi * n / size))"): "a cosine is even",
    ("19.power_spectrum", "angles = -2 * np.pi * np.outer(n, k) / size"): "turning the other way has the same power",
    ("19.mel_filters", "hertz = np.arange(size / 2 + 1)[:, None] * rate / size"): "the size of a frame is even",
    ("19.mel_filters", "return np.clip(0, np.minimum(up, down), None)"): "0 cut off below at x is x cut off below at 0",
    ("19.by_enumeration", "paths = itertools.product(range(p.shape[-1]), repeat=len(p))"): "p has only two axes",
    ("19.ctc_forward", "if s > 2 and k != row[s - 2]:"): "state 2 is a blank, and so is state 0",
    ("19.ctc_gradient", "gamma = through @ np.eye(log_p.shape[-1])[row]"): "log_p has two axes",
    ("19.error_rate", "for b, a in zip(said, true, strict=True):"): "a distance is as long one way as the other",
    ("19.error_rate", "for a, b in zip(true, said, strict=True):"): "a distance is as long one way as the other",
    ("19.error_rate", "for a, b in zip(said, true):"): "both lists are equally long",
    ("19.error_rate", "for a, b in zip(said, true, strict=False):"): "both lists are equally long",
    ("19.error_rate", "d = np.ones((len(a) + 1, len(b) + 1), dtype=int)"): "every place is written before it is read",
    ("19.grow", "grown[prefix] = (np.logaddexp(log_b, old_b), np.logaddexp(old_s, log_s))"): "a sum has no order",
    ("19.grow", "grown[prefix] = (np.logaddexp(old_b, log_b), np.logaddexp(log_s, old_s))"): "a sum has no order",
    ("19.grow", "last, either = (prefix[-1] if prefix else 0, np.logaddexp(log_s, log_b))"): "a sum has no order",
}
