"""What errors mean, in our words: patterns of an error's kind and text, the more special first.

In a meaning, {0}, {1} … are the pattern's groups, and {at} is where it was, in the learner's own line.
"""

MEANINGS = [
    (
        r"index -\d+ is out of bounds|Target -\d+ is out of bounds|Class values must be non-negative",
        "A negative number is used as a place{at}: where it marks what does not count, such as −100, leave those "
        "places out before, or read place 0 there and throw away what comes of it",
    ),
    (
        r"Expected target size \[",
        "`cross_entropy` looks for the classes on axis 1{at}: it takes (B, V, T), where this is (B, T, V). Move the "
        "axis, or bring all places into one",
    ),
    (
        r"Index tensor must have the same number of dim",
        "An index has to have as many axes as what it picks from{at}: is a new axis of size 1 missing in one of them?",
    ),
    (
        r"non-empty (?:TensorList|list)|need at least one array",
        "Nothing is there to be joined{at}: one of the inputs leaves the list empty, so think of that case",
    ),
    (
        r"same dtype.*\bbool|scalar type.*Bool|Bool but got scalar type|must be .*bool.* but got",
        "A mask of True and False comes where numbers are multiplied{at}: does it stand in the place of another "
        "argument, or should it be made one of floats?",
    ),
    (
        r"TypeError: .*(?:indices must be integers|'float' object cannot be interpreted as an integer|slice "
        r"indices must be|only integer|an integer is required|expected a sequence of integers)",
        "A float is used as a place or a length{at}, and these are whole numbers: `/` gives a float, `//` a whole "
        "number",
    ),
    (
        r"AttributeError: 'numpy\.\w+' object has no attribute '(\w+)'",
        "A NumPy array comes in here, and `.{0}` belongs to tensors: use NumPy's function, or make a tensor of it "
        "first (`torch.as_tensor`)",
    ),
    (
        r"AttributeError: 'Tensor' object has no attribute '(\w+)'",
        "A tensor comes in here, and `.{0}` belongs to NumPy's arrays: use PyTorch's name for it",
    ),
    (
        r"AttributeError: 'NoneType' object has no attribute '(\w+)'",
        "Something is None{at} where a value is expected: a function that does not return, or an argument that "
        "was not given",
    ),
    (
        r"AttributeError: '(list|int|float|str|tuple|dict)' object has no attribute '(\w+)'",
        "A plain {0} has no `.{1}`{at}: make an array or a tensor of it first, or use Python's own way",
    ),
    (
        r"AttributeError: '(\w+)' object has no attribute '(\w+)'",
        "`{0}` has no attribute `{1}`{at}: is it written differently where it is made, or made only later?",
    ),
    (
        r"AttributeError: module '([\w.]+)' has no attribute '(\w+)'",
        "There is no `{0}.{1}`: it has another name, or lives in the other library",
    ),
    (
        r"(?:TypeError|RuntimeError): .*must be Tensor(?:s)?, not",
        "PyTorch is given something that is no tensor{at}: make one of it first (`torch.as_tensor`), or use NumPy",
    ),
    (
        r"TypeError: .*got an unexpected keyword argument '(\w+)'",
        "There is no argument `{0}`{at}: NumPy says `axis` and `keepdims`, PyTorch `dim` and `keepdim`",
    ),
    (
        r"TypeError: .*missing \d+ required positional argument",
        "A function is called with too few arguments{at}",
    ),
    (
        r"TypeError: .*takes (?:from )?\d+.*positional arguments? but \d+ (?:was|were) given",
        "A function is called with too many arguments{at}",
    ),
    (
        r"TypeError: .*'NoneType'",
        "Something is None{at} where a value is expected: a function that does not return, or an argument that "
        "was not given",
    ),
    (
        r"TypeError: unhashable type: '(list|numpy.ndarray|dict|set)'",
        "A {0} can't be the key of a dictionary or a member of a set{at}: make a tuple of it",
    ),
    (
        r"TypeError: 'tuple' object does not support item assignment",
        "A tuple can't be changed{at}: make a list of it, or a new tuple",
    ),
    (
        r"TypeError: 'str' object does not support item assignment",
        "A text can't be changed in place{at}: make a list of its letters, or put a new text together",
    ),
    (
        r"TypeError: '(\w+)' object is not (?:subscriptable|iterable)",
        "A {0} is a single thing{at}: it has no entries to go through or pick from",
    ),
    (
        r"TypeError: (?:object of type '(\w+)' has no len|len\(\) of unsized object)",
        "A single number has no length{at}: inputs may be numbers as well as arrays",
    ),
    (
        r"TypeError: (?:iteration over a 0-d|'\w+' object is not callable)",
        "Something is used as what it is not{at}: a number as a list, or a value as a function (is a name used "
        "twice?)",
    ),
    (
        r"TypeError: can only concatenate|TypeError: unsupported operand type\(s\) for (\S+):? '?(\w+)'? and "
        r"'?(\w+)'?",
        "Two things are put together that do not belong together{at}: a list and a number, a text and a number, a "
        "list and a tuple",
    ),
    (
        r"(?:TypeError|ValueError): only (?:length-1|size-1|0-dimensional) arrays|RuntimeError: a Tensor with \d+ "
        r"elements cannot be",
        "A whole array is used where one number is expected{at}: `float`, `int`, `.item()` and `math` take single "
        "numbers; this has many, one for each sequence or place",
    ),
    (
        r"ValueError: The truth value of an array|RuntimeError: Boolean value of Tensor",
        "`if`, `and`, `or`, `while`, `max` or `in` asks a whole array for one yes or no{at}: decide entry by "
        "entry (`np.where`, `&`), or ask `.any()` or `.all()`",
    ),
    (
        r"ValueError: too many values to unpack",
        "More values come than there are names on the left{at}: does the loop or the call give more than the line "
        "expects?",
    ),
    (
        r"ValueError: not enough values to unpack",
        "Fewer values come than there are names on the left{at}: does the loop or the call give fewer than the "
        "line expects?",
    ),
    (
        r"ValueError: cannot reshape array|RuntimeError: shape '.*' is invalid",
        "The new shape has another number of entries than the old one{at}: the product of its sizes must stay the "
        "same",
    ),
    (
        r"RuntimeError: view size is not compatible",
        "`view` needs numbers that lie one after another in memory, which they no longer do after a "
        "transpose{at}: use `.reshape`, or `.contiguous()` before it",
    ),
    (
        r"RuntimeError: a (?:view of a )?leaf [Vv]ariable that requires grad",
        "A parameter is changed in place{at} while its gradients are recorded: work on a new tensor, or inside "
        "`torch.no_grad()` where it is meant to change",
    ),
    (
        r"RuntimeError: Can't call numpy\(\) on Tensor that requires grad",
        "A tensor whose gradients are recorded is handed to NumPy{at}: stay in PyTorch, so that it can be trained "
        "through",
    ),
    (
        r"RuntimeError: one of the variables needed for gradient computation has been modified",
        "A tensor that the gradient still needs is changed in place: write the result into a new one",
    ),
    (
        r"RuntimeError: element 0 of tensors does not require grad",
        "The result has lost its gradients, so that nothing can be trained through it: is there a `.detach()`, a "
        "`torch.no_grad()` or a detour through NumPy?",
    ),
    (
        r"same dtype|expected scalar type|Found dtype",
        "Two tensors of different types meet{at}: float32 is what `torch.zeros`, `torch.ones` and layers make, "
        "and what comes in may be float64. Make new tensors like the old (`x.new_zeros`, `dtype=x.dtype`)",
    ),
    (
        r"RuntimeError: result type \w+ can't be cast|Cannot cast ufunc",
        "Floats are written into an array of whole numbers{at}: make it an array of floats first",
    ),
    (
        r"RuntimeError: mean\(\): could not infer|RuntimeError: .*not implemented for '(?:Long|Bool|Int)'",
        "This works on floats, and gets whole numbers or booleans{at}: make floats of them first",
    ),
    (
        r"IndexError: .*tensors used as indices must be|RuntimeError: .*Expected dtype int|expected dtype "
        r"int64 for index",
        "Places are whole numbers{at}: an index has to be of type int64, or boolean",
    ),
    (
        r"numpy boolean subtract|(?:TypeError|RuntimeError): .*boolean (?:subtract|negative)|Subtraction, the `-` "
        r"operator",
        "Booleans can't be subtracted{at}: `~mask` turns a mask round",
    ),
    (
        r"AxisError|axis \d+ is out of bounds|IndexError: Dimension out of range",
        "There is no such axis{at}: this array has fewer axes than the line expects",
    ),
    (
        r"ValueError: (?:all the input array|all input arrays)|RuntimeError: (?:Sizes of "
        r"tensors must match|stack expects|Tensors must have same number)|zero-dimensional arrays cannot be "
        r"concatenated",
        "What is joined does not fit{at}: `concatenate` (`cat`) wants equal sizes on all other axes, `stack` "
        "wants equal shapes",
    ),
    (
        r"inhomogeneous shape|expected sequence of length|setting an array element with a sequence",
        "Rows of different lengths can't become one array{at}: fill the shorter ones up first, or go through them "
        "one by one",
    ),
    (
        r"array split does not result in an equal division|split expects|split_with_sizes",
        "It is cut along the wrong axis, or into the wrong number of pieces{at}: this size can't be cut into that "
        "many",
    ),
    (
        r"LinAlgError: Last 2 dim",
        "A square matrix is needed{at}, and this one is not square",
    ),
    (
        r"ValueError: math domain error|ValueError: expected a positive input",
        "The logarithm or the root of a number is taken that has none{at}: zero or less",
    ),
    (
        r"OverflowError|Numerical result out of range",
        "A number becomes larger than a float can hold{at}: an exponential of something large. Subtract the "
        "largest first, or stay with logarithms",
    ),
    (
        r"ZeroDivisionError",
        "It divides by zero{at}: one of the inputs makes the divisor 0, so think of that case",
    ),
    (
        r"FloatingPointError",
        "A division by zero, or a number beyond what floats hold, is made{at}",
    ),
    (
        r"KeyError",
        "A key is looked up that is not in the dictionary{at}: think of what is not known (`.get`, or an `if`)",
    ),
    (
        r"ValueError: .*is not in list|ValueError: .*not in tuple|substring not found|x not in list",
        "Something is looked for that is not there{at}, and `index` raises an error then: think of that case",
    ),
    (
        r"zero-size array|(?:max|min)\(\) (?:arg|iterable argument) is (?:an )?empty|Expected reduction dim|empty "
        r"sequence|pop from (?:an )?empty|StopIteration",
        "There is nothing to choose or take from{at}: one of the inputs leaves it empty",
    ),
    (
        r"RecursionError",
        "It calls itself without end: where does it stop?",
    ),
    (
        r"UnboundLocalError: .*'(\w+)'",
        "`{0}` is used before it has a value: it is set only in a branch or a loop that may not run",
    ),
    (
        r"SystemExit",
        "It ends the program (`exit`): an answer returns",
    ),
    (
        r"(?:read-only|WriteableFlag)",
        "It writes into an array that may only be read{at}: work on a copy",
    ),
    (
        r"more than one element of the written-to tensor",
        "It writes into a tensor whose places share memory (after `expand`){at}: work on a copy (`.clone()`)",
    ),
    (
        r"shape mismatch: value array|could not assign|can't assign|cannot assign|could not broadcast input array",
        "What is written has another shape than the place that it is written to{at}",
    ),
    (
        r"Expected (?:more than 1 value|\d+D or|\d+-D)|expected \d+D|must be (?:at least )?\d-?[dD]",
        "A layer or a product wants another number of axes than it gets{at}",
    ),
    (
        r"normalized_shape",
        "The size that is normalised over and the last axis of what comes in are not the same{at}",
    ),
    (
        r"given groups=|Expected input batch_size",
        "Two sizes that belong together differ{at}",
    ),
    (
        r"AssertionError",
        "An `assert` of your own does not hold{at}: what it expects is not so for every input",
    ),
]  # fmt: skip
