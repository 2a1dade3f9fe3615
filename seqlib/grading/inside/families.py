"""What belongs together: under which operations, and in which second versions, torch has what an exercise forbids."""

import re
from functools import cache

GRADIENTS = "gradients"

# The last part of a forbidden name -> what it is.
KEYS_OF = {
    **dict.fromkeys(("RNN", "RNNCell", "rnn_tanh", "rnn_tanh_cell", "rnn_relu", "rnn_relu_cell"), "rnn"),
    **dict.fromkeys(("LSTM", "LSTMCell", "lstm", "lstm_cell"), "lstm"),
    **dict.fromkeys(("GRU", "GRUCell", "gru", "gru_cell"), "gru"),
    **dict.fromkeys(("LayerNorm", "layer_norm", "native_layer_norm"), "layer norm"),
    **dict.fromkeys(("RMSNorm", "rms_norm"), "rms norm"),
    "scaled_dot_product_attention": "attention",
    **dict.fromkeys(("MultiheadAttention", "multi_head_attention_forward"), "heads"),
    **dict.fromkeys(("Transformer", "TransformerEncoderLayer", "TransformerDecoderLayer"), "transformer"),
    **dict.fromkeys(("cross_entropy", "CrossEntropyLoss"), "cross entropy"),
    **dict.fromkeys(("nll_loss", "NLLLoss"), "nll"),
    **dict.fromkeys(("kl_div", "KLDivLoss"), "kl"),
    **dict.fromkeys(("glu", "GLU"), "glu"),
    **dict.fromkeys(("silu", "SiLU"), "silu"),
    **dict.fromkeys(("unfold", "Unfold"), "unfold"),
    **dict.fromkeys(("grad", "backward", "vjp", "jacobian"), GRADIENTS),
}

# Names of torch's operations, whole; backward halves and the like are left.
OPERATIONS = {
    "rnn": r"(quantized_)?rnn_(tanh|relu)(_cell)?(_dynamic)?",
    "lstm": r"\w*lstm(_cell)?(_dynamic)?|mkldnn_rnn_layer",
    "gru": r"\w*gru(_cell)?(_dynamic)?",
    "layer norm": r"(native_)?layer_norm",
    "rms norm": r"(_fused_)?rms_norm",
    "attention": r"_?scaled_dot_product\w*|_(flash|efficient|cudnn)_attention_forward|_fused_sdp_choice"
    r"|_triton_scaled_dot_attention|_native_multi_head_attention|_transformer_encoder_layer_fwd",
    "heads": r"_(native|triton)_multi_head_attention|_transformer_encoder_layer_fwd",
    "transformer": r"_transformer_encoder_layer_fwd",
    "cross entropy": r"cross_entropy_loss",
    "nll": r"nll_loss(_nd|2d)?(_forward)?",
    "kl": r"kl_div",
    "glu": r"glu",
    "silu": r"silu_?",
    "unfold": r"unfold(_copy)?|im2col",
}
# Where torch writes its operations a second time, in Python, and what the names there contain.
REWRITTEN = ("torch._refs", "torch._decomp", "torch.ao.nn")
WORDS = {
    "rnn": r"rnn",
    "lstm": r"lstm",
    "gru": r"gru",
    "layer norm": r"layer_?norm",
    "rms norm": r"rms_?norm",
    "attention": r"scaled_dot|sdpa|attention",
    "heads": r"multi_?head",
    "transformer": r"transformer",
    "cross entropy": r"cross_?entropy",
    "nll": r"nll_?loss",
    "kl": r"kl_?div",
    "glu": r"^_?glu",
    "silu": r"silu",
    "unfold": r"unfold|im2col",
}
# Every table in which torch may find an operation for numbers on a CPU, `torch.vmap` included.
TABLES = (
    "CompositeImplicitAutograd",
    "CompositeExplicitAutograd",
    "CPU",
    "AutogradCPU",
    "FuncTorchBatched",
    "FuncTorchVmapMode",
    "NestedTensorCPU",
    "AutogradNestedTensor",
    "QuantizedCPU",
    "MkldnnCPU",
    "SparseCPU",
)


def of(forbids) -> dict[str, str]:
    """{family: the forbidden name that it stands for}, of the torch names among `forbids`."""
    found = {}
    for name in forbids:
        key = KEYS_OF.get(name.rpartition(".")[2]) if name.startswith("torch.") else None
        if key:
            found.setdefault(key, name)
    return found


@cache
def _all_operations() -> list[tuple[str, str]]:
    import torch

    return [tuple(name.split("::", 1)) for name in torch._C._dispatch_get_all_op_names()]


@cache
def operations(pattern: str) -> list[tuple[str, str]]:
    """(namespace, operation with its overload) for each whose name fits."""
    fits = re.compile(pattern)
    return [(space, name) for space, name in _all_operations() if fits.fullmatch(name.partition(".")[0])]


@cache
def differentiable() -> list[tuple[str, str]]:
    """Operations that are registered with a gradient and work without."""
    import torch

    names = torch._C._dispatch_get_registrations_for_dispatch_key("Autograd")
    works = torch._C._dispatch_has_computed_kernel_for_dispatch_key
    return [tuple(n.split("::", 1)) for n in names if works(n, "CPU")]


def differentiating() -> list:
    """torch's functions that take derivatives, forward or backward."""
    import torch
    import torch.autograd.forward_ad
    import torch.autograd.functional
    from torch import func

    places = (
        (torch.autograd, "grad backward"),
        (torch.Tensor, "backward"),
        (torch.autograd.graph, "_engine_run_backward"),
        (torch.autograd.functional, "vjp jvp vhp hvp jacobian hessian"),
        (torch.autograd.forward_ad, "make_dual"),
        (func, "grad grad_and_value vjp jvp jacrev jacfwd hessian linearize"),
    )
    found = [getattr(place, name, None) for place, names in places for name in names.split()]
    return [f for f in found if f is not None]


def warm_up():
    """Look everything up once, in the process that is copied."""
    for pattern in OPERATIONS.values():
        operations(pattern)
    differentiable()
    differentiating()
    import torch._decomp
    import torch._refs  # noqa: F401
    import torch.ao.nn.quantizable  # noqa: F401
