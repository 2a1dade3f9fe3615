"""The recorded runs of notebook 21: the scaling law, time and memory against length, remedies, streams, a GPU.

What is timed and how stands in seqlib/studies, where the notebook's live cells take it from too.
"""

from recordings import recording


def _alone() -> None:
    """One thread: what is counted is one core's work."""
    import torch

    torch.set_num_threads(1)


# -- the scaling law -------------------------------------------------------------------------------------------------


def _at_its_best(compute, width, layers, results, seeds=(0, 1, 2)) -> list[float]:
    """The nats of every seed at the best learning rate of this size and budget; every rate tried is written down."""
    from recordings import at_best_rate
    from seqlib.studies.loss_against_compute import RATES, point, run_at, shape, weights_of

    name, found = point(compute, weights_of(shape(width, layers))), {}
    told, nats = at_best_rate(
        found, name, RATES, lambda lr, seed: run_at(compute, width, layers, lr, seed)[0], float, seeds=seeds
    )
    results |= {f"rate {lr:g} at {name}": [each] * len(seeds) for lr, each in told.items()}
    results[f"rate at {name}"] = found[f"{name}, rate"]
    print(f"{name}: {[round(each, 4) for each in nats]} of {sorted(told)}", flush=True)
    return nats


@recording
def scaling(command):
    """Five budgets of operations, five sizes each, each at its own rate; a larger run foretold, then made."""
    from seqlib.studies.loss_against_compute import LATER, LEVELS, grid, point, shape, weights_of
    from seqlib.studies.scaling_law import foretell
    from seqlib.training import recorded

    _alone()
    results = {}
    for level, shapes in LEVELS.items():
        for one in shapes:
            results[point(level, weights_of(shape(*one)))] = _at_its_best(level, *one, results)
    told = foretell(grid(results), LATER)  # before the run is made
    print("foretold", told, flush=True)
    results |= {f"foretold, {key}": [value] * 3 for key, value in told.items()}
    results["made"] = _at_its_best(LATER, told["width"], told["layers"], results)
    recorded.record(
        "21_scaling",
        {},
        results=results,
        seeds=[0, 1, 2],
        unit="nats per character",
        command=command,
        what="GPTs of several sizes at five budgets of operations, on Python's own source, each size at each budget "
        "with its best learning rate (searched with seed 0); one larger run foretold, then made the same way",
    )


# -- time and memory against length, width and batch -----------------------------------------------------------------

ROUNDS = (0, 1, 2, 3, 4)


def _kept(results: dict) -> None:
    """What is the same in every round is written for every round."""
    for name, values in results.items():
        if len(values) == 1:
            results[name] = values * len(ROUNDS)


def _lengths(device, lengths, results) -> None:
    """Seconds, bytes held in training and bytes kept for the way back, of each layer at each length."""
    import torch

    from seqlib.studies.what_is_held import held, kept_for_backward
    from seqlib.studies.what_length_costs import LAYERS, LONGEST, WIDTH, at_length, both_ways, forward, layer

    for steps in lengths:
        for name, seconds in at_length(steps, rounds=len(ROUNDS), device=device).items():
            results[f"{name}, {steps}"] = seconds
        x = torch.randn(1, steps, WIDTH, device=device)
        for kind in LAYERS:
            if steps <= LONGEST.get(kind, steps):
                model = layer(kind).to(device)
                results[f"{kind}, held in training, {steps}"] = [held(lambda m=model, x=x: both_ways(m, x))]
                results[f"{kind}, held forward, {steps}"] = [held(lambda m=model, x=x: forward(m, x))]
                results[f"{kind}, kept, {steps}"] = [kept_for_backward(lambda m=model, x=x: m(x))]
        print(steps, {k: v[0] for k, v in results.items() if k.endswith(f" {steps}")}, flush=True)
    _kept(results)


@recording
def length(command):
    """One layer of each kind, 128 wide, batch 1, one thread, from 64 to 8,192 steps."""
    from seqlib.studies.what_length_costs import LENGTHS
    from seqlib.training import recorded

    _alone()
    results = {}
    _lengths("cpu", LENGTHS, results)
    recorded.record(
        "21_length",
        {},
        results=results,
        seeds=ROUNDS,
        unit="seconds, or bytes",
        command=command,
        what=f"One layer of each kind, 128 wide, batch 1: processor seconds of {len(ROUNDS)} rounds, one thread; bytes",
    )


WIDTHS, BATCHES = (32, 64, 128, 256, 512), (1, 4, 16, 64)
CROSSING_LENGTHS = (64, 256, 1024, 4096)


@recording
def sizes(command):
    """Training against width and batch at 512 steps, and the length at which attention becomes dearer, by width."""
    from seqlib.studies.what_length_costs import at_length
    from seqlib.training import recorded

    _alone()
    results, three, ways = {}, ROUNDS[:3], ("training",)
    for width in WIDTHS:
        for name, seconds in at_length(512, rounds=len(three), ways=ways, width=width).items():
            results[f"{name}, width {width}"] = seconds
    for batch in BATCHES:
        for name, seconds in at_length(512, rounds=len(three), ways=ways, batch=batch).items():
            results[f"{name}, batch {batch}"] = seconds
    for width in WIDTHS:
        for steps in CROSSING_LENGTHS:
            found = at_length(steps, ("nn.LSTM", "fused attention"), len(three), ways=ways, width=width)
            results |= {f"{name}, width {width}, {steps}": seconds for name, seconds in found.items()}
        print(width, flush=True)
    recorded.record(
        "21_sizes",
        {},
        results=results,
        seeds=three,
        unit="seconds",
        command=command,
        what="One layer of each kind at 512 steps by width (batch 1) and by batch (width 128); nn.LSTM and fused "
        f"attention by width and length; processor seconds of {len(three)} rounds of training, one thread",
    )


# -- streams, the machine's roof, remedies ---------------------------------------------------------------------------


@recording
def stream(command):
    """The time of each reading along a stream of 8,192, and what is kept."""
    from seqlib.studies.one_reading_at_a_time import STREAMS, by_position, latencies, stream
    from seqlib.training import recorded

    _alone()
    results, most = {}, 8192
    for seed in ROUNDS:
        for kind in STREAMS:
            reader = stream(kind, most=most)
            ends, medians = by_position(latencies(reader, most, seed=seed))
            for end, seconds in zip(ends, medians, strict=True):
                results.setdefault(f"{kind}, {end}", []).append(float(seconds))
            results.setdefault(f"{kind}, kept", []).append(reader.kept())
    recorded.record(
        "21_stream",
        {},
        results=results,
        seeds=ROUNDS,
        unit="seconds, or bytes",
        command=command,
        what="One layer, 128 wide, reading a stream of 8,192 vectors one by one on one thread: the median processor "
        "seconds of a reading in each sixteenth of the stream, five streams",
    )


SHAPES = tuple((m, k, k) for k in (256, 512, 1024) for m in (1, 4, 16, 64, 256, 1024))


@recording
def roofline(command):
    """The roof of this machine on one thread, and matrix products of several shapes below it."""
    from seqlib.studies.what_a_machine_can_do import bandwidth, peak, products
    from seqlib.training import recorded

    _alone()
    results, three = {}, ROUNDS[:3]
    for _ in three:
        results.setdefault("peak", []).append(peak())
        results.setdefault("bandwidth", []).append(bandwidth())
        for (m, k, n), (_, _, seconds) in products(SHAPES).items():
            results.setdefault(f"({m}, {k}) @ ({k}, {n})", []).append(seconds)
    recorded.record(
        "21_roofline",
        {},
        results=results,
        seeds=three,
        unit="operations or bytes a second; seconds",
        command=command,
        what="The best matrix product, the best stream through memory, and products of many shapes; one thread",
    )


@recording
def remedies(command):
    """One training step of a GPT of 4 layers of 128 with each remedy: seconds and bytes."""
    import time

    import torch

    from seqlib.runtime import quick_type
    from seqlib.studies import what_a_remedy_buys as buys
    from seqlib.studies.what_is_held import held
    from seqlib.studies.what_length_costs import timed
    from seqlib.training import recorded

    _alone()
    model, tokens = buys.model_and_batch()
    light = buys.checkpointed(model)
    works = {f"{parts} pieces": lambda parts=parts: buys.step(model, tokens, parts) for parts in buys.PARTS}
    works["checkpoints"] = lambda: buys.step(light, tokens)
    works["bfloat16"] = lambda: buys.step(model, tokens, dtype=torch.bfloat16)
    bytes_held = {f"{name}, held": [held(work)] for name, work in works.items()}
    results = {"bfloat16 instructions": [float(quick_type() is torch.bfloat16)]}
    if buys.compiler():
        compiled = torch.compile(model)
        began = time.perf_counter()
        buys.step(compiled, tokens)
        results["compiled, first call"] = [time.perf_counter() - began]
        works["compiled"] = lambda: buys.step(compiled, tokens)
    results |= bytes_held | timed(works, len(ROUNDS))
    _kept(results)
    recorded.record(
        "21_remedies",
        {},
        results=results,
        seeds=ROUNDS,
        unit="seconds, or bytes",
        command=command,
        what=f"A training step of a GPT of 4 layers of 128, context {buys.SIZES['context']}, batch 8, one thread, "
        "with each remedy",
    )


# -- on a GPU --------------------------------------------------------------------------------------------------------


def _launches(work) -> int:
    """How many kernels the GPU is told to run by work()."""
    import torch

    work()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as seen:
        work()
        torch.cuda.synchronize()
    kinds = torch.autograd.DeviceType.CUDA
    return sum(event.count for event in seen.key_averages() if event.device_type == kinds)


@recording
def gpu(command):
    """The same curves on a GPU: launches of a loop, tensor cores, where the order turns. Needs a CUDA device."""
    import torch

    from seqlib.runtime import device
    from seqlib.studies.what_a_machine_can_do import bandwidth, peak
    from seqlib.studies.what_length_costs import LAYERS, LENGTHS, WIDTH, both_ways, layer
    from seqlib.training import recorded

    if device().type != "cuda":
        print("21_gpu needs a CUDA device: nothing recorded")
        return
    here, results = device(), {}
    _lengths(here, LENGTHS, results)
    x = torch.randn(1, 512, WIDTH, device=here)
    for kind in LAYERS:
        model = layer(kind).to(here)
        results[f"{kind}, launches"] = [_launches(lambda m=model: both_ways(m, x))]
    results["peak, float32"] = [peak(4096, device=here)]
    results["peak, bfloat16"] = [peak(8192, dtype=torch.bfloat16, device=here)]
    results["bandwidth"] = [bandwidth(2000, device=here)]
    _kept(results)
    recorded.record(
        "21_gpu",
        {},
        results=results,
        seeds=ROUNDS,
        unit="seconds, bytes, launches, operations or bytes a second",
        command=command,
        what="One layer of each kind, 128 wide, batch 1, from 64 to 8,192 steps, on a GPU",
    )
