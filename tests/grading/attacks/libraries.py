"""Letting a library do what the exercise forbids. For an exercise of the tests' own."""

# ruff: noqa: E501  (programs of attackers, in strings)

RNN = """
def ANSWER(x, W_xh, W_hh):
    import torch
    rnn = MAKE(W_xh.shape[0], W_hh.shape[0], bias=False, batch_first=True).double()
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.as_tensor(W_xh).T)
        rnn.weight_hh_l0.copy_(torch.as_tensor(W_hh).T)
        return rnn(torch.as_tensor(x))[0].numpy()
"""

FORBIDDEN = {
    "called by its name": "import torch\n" + RNN.replace("MAKE", "torch.nn.RNN"),
    "under an alias": "from torch.nn import RNN as Loop\n" + RNN.replace("MAKE", "Loop"),
    "by another road": "import torch\n" + RNN.replace("MAKE", "torch.nn.modules.rnn.RNN"),
    "from a star import": "from torch.nn import *\n" + RNN.replace("MAKE", "RNN"),
    "kept under another name": "import torch\nL = torch.nn.RNN\n" + RNN.replace("MAKE", "L"),
    "in a helper": "import torch\ndef make(*a, **k):\n    return torch.nn.RNN(*a, **k)\n" + RNN.replace("MAKE", "make"),
    "with getattr": "import torch\n" + RNN.replace("MAKE", "getattr(torch.nn, 'RNN')"),
    "with a name that is put together": "import torch\n" + RNN.replace("MAKE", "getattr(torch.nn, 'R' + 'NN')"),
    "with exec": "import torch\nexec('make = torch.nn.R' + 'NN')\ndef go(*a, **k):\n    return eval('torch.nn.RN' + 'N')(*a, **k)\n"
    + RNN.replace("MAKE", "go"),
    "a subclass": "import torch\nclass Mine(torch.nn.RNN):\n    pass\n" + RNN.replace("MAKE", "Mine"),
    "with the watch turned off": "import sys, torch\n"
    + RNN.replace("import torch\n", "import sys, torch\n    sys.setprofile(None)\n").replace(
        "MAKE", "getattr(torch.nn, 'R' + 'NN')"
    ),
    "seqlib's own": "import seqlib.models.layers\nfrom seqlib.models.layers import ANSWER\n",
}
