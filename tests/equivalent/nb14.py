"""Of notebook 14."""

EQUIVALENT = {
    ("14.Transformer", line): "whether ids differ from the padding does not depend on which stands first"
    for line in (
        "return self.decoder(target_in, memory, padding_mask(self.encoder.pad, source))",
        "return (self.encoder(source), padding_mask(self.encoder.pad, source), source[:, :0])",
    )
}
