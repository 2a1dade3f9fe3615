# %% right 00.next_position: the formula as printed
def next_position(before, now):
    return now + (now - before)

# %% right 00.next_position: two times now minus before, other names
def next_position(a, b):
    return 2 * b - a

# %% right 00.next_position: step in a variable of its own, through np.asarray
def next_position(before, now):
    before, now = np.asarray(before), np.asarray(now)
    velocity = np.subtract(now, before)
    return np.add(now, velocity)

# %% right 00.next_position: an element-wise loop by np.vectorize
def next_position(before, now):
    one = np.vectorize(lambda b, n: n + n - b, otypes=[float])
    return one(before, now)

# %% right 00.next_position: a lambda with weights, as a linear model
next_position = lambda before, now: -1.0 * before + 2.0 * now

# %% wrong 00.next_position: step with the sign turned round, so the ball goes back to before
def next_position(before, now):
    return now + (before - now)

# %% wrong 00.next_position: before and now changed places
def next_position(before, now):
    return 2 * before - now

# %% wrong 00.next_position: returns the step alone, without adding it to now
def next_position(before, now):
    return now - before

# %% wrong 00.next_position: the step is always taken to the right (its absolute value)
def next_position(before, now):
    step = abs(now - before)
    return now + step

# %% wrong 00.next_position: the mean of the two positions
def next_position(before, now):
    return (before + now) / 2

# %% wrong 00.next_position: adds the step to before instead of now
def next_position(before, now):
    return before + (now - before)

# %% wrong 00.next_position: right value, but += changes the caller's array now
def next_position(before, now):
    now += now - before
    return now

# %% wrong 00.next_position: goes on by two steps
def next_position(before, now):
    step = now - before
    return now + 2 * step

# %% wrong 00.next_position: half a step, as in a mean of velocities
def next_position(before, now):
    return now + 0.5 * (now - before)

# %% wrong 00.next_position: forced into the box with np.clip, which the equation does not do
def next_position(before, now):
    return np.clip(now + (now - before), 0, 1)

# %% wrong 00.next_position: assumes one speed, 0.05 per frame, and uses only the direction
def next_position(before, now):
    return now + 0.05 * np.sign(now - before)

# %% wrong 00.next_position: float() makes it work for numbers only, arrays crash
def next_position(before, now):
    before, now = float(before), float(now)
    return now + (now - before)

# %% wrong 00.next_position: returns one number, the mean over all balls
def next_position(before, now):
    return np.mean(now + (now - before))

# %% wrong 00.next_position: rounded to two decimals
def next_position(before, now):
    return np.round(2 * np.asarray(now) - np.asarray(before), 2)

# %% wrong 00.next_position: computed in float16
def next_position(before, now):
    b, n = np.float16(before), np.float16(now)
    return n + (n - b)

# %% right 00.positions_needed: two
positions_needed = 2

# %% right 00.positions_needed: the present one and one before, as a sum
positions_needed = 1 + 1

# %% right 00.positions_needed: counted from a list
positions_needed = len(["before", "now"])

# %% right 00.positions_needed: written as a float, 2.0 (a whole number all the same)
positions_needed = 2.0

# %% wrong 00.positions_needed: one, the present alone
positions_needed = 1

# %% wrong 00.positions_needed: three, because three positions appear in the equation
positions_needed = 3

# %% wrong 00.positions_needed: the whole past
positions_needed = float("inf")

# %% wrong 00.positions_needed: zero, counting from zero
positions_needed = 0

# %% wrong 00.positions_needed: the length of the film
positions_needed = 60

# %% wrong 00.positions_needed: minus one, the lag of the further position
positions_needed = -1

# %% wrong 00.positions_needed: four, one before and one now for either direction
positions_needed = 4

# %% right 00.bounce: equation (0.2) as printed
def bounce(before, now):
    return 1 - abs(1 - abs(2 * now - before))

# %% right 00.bounce: built on next_position
def bounce(before, now):
    there = next_position(before, now)
    return 1 - np.abs(1 - np.abs(there))

# %% right 00.bounce: two cases with np.where
def bounce(before, now):
    p = np.asarray(2 * now - before, dtype=float)
    p = np.where(p < 0, -p, p)
    return np.where(p > 1, 2 - p, p)

# %% right 00.bounce: folded with modulo 2 and a minimum
def bounce(before, now):
    p = np.mod(2 * np.asarray(now) - np.asarray(before), 2.0)
    return np.minimum(p, 2 - p)

# %% right 00.bounce: plain if for one number, element by element for arrays
def bounce(before, now):
    def one(b, n):
        p = n + (n - b)
        if p < 0:
            return -p
        if p > 1:
            return 2 - p
        return p

    return np.vectorize(one, otypes=[float])(before, now)

# %% right 00.bounce: a copy that is mended through masks
def bounce(before, now):
    p = np.array(2 * np.asarray(now, dtype=float) - before)
    left, right = p < 0, p > 1
    p[left] = -p[left]
    p[right] = 2 - p[right]
    return p

# %% wrong 00.bounce: forgets the inner bars, so the left wall does not reflect
def bounce(before, now):
    return 1 - abs(1 - (2 * now - before))

# %% wrong 00.bounce: forgets the outer bars, so the right wall does not reflect
def bounce(before, now):
    return 1 - (1 - abs(2 * now - before))

# %% wrong 00.bounce: the ball sticks to the wall (clip) instead of coming back
def bounce(before, now):
    return np.clip(2 * now - before, 0, 1)

# %% wrong 00.bounce: comes out at the other side (modulo 1) instead of turning round
def bounce(before, now):
    return (2 * now - before) % 1

# %% wrong 00.bounce: before and now changed places inside the bars
def bounce(before, now):
    return 1 - abs(1 - abs(2 * before - now))

# %% wrong 00.bounce: a ball beyond a wall stays where it was
def bounce(before, now):
    p = 2 * now - before
    return np.where((p < 0) | (p > 1), now, p)

# %% wrong 00.bounce: at a wall the ball goes back to where it was before
def bounce(before, now):
    p = 2 * now - before
    return np.where((p < 0) | (p > 1), before, p)

# %% wrong 00.bounce: if on whole arrays, right for numbers alone (crashes on arrays)
def bounce(before, now):
    p = 2 * now - before
    if p < 0:
        p = -p
    if p > 1:
        p = 2 - p
    return p

# %% wrong 00.bounce: beyond the right wall p - 1 instead of 2 - p
def bounce(before, now):
    p = np.abs(2 * np.asarray(now) - before)
    return np.where(p > 1, p - 1, p)

# %% wrong 00.bounce: 1 - p beyond the right wall
def bounce(before, now):
    p = np.abs(2 * np.asarray(now) - before)
    return np.where(p > 1, 1 - p, p)

# %% wrong 00.bounce: decides for the whole array by any(), so all balls turn when one does
def bounce(before, now):
    p = np.asarray(2 * now - before, dtype=float)
    if (p < 0).any():
        p = -p
    if (p > 1).any():
        p = 2 - p
    return p

# %% wrong 00.bounce: forgets the one in front of the bars and so gives minus the distance to 1
def bounce(before, now):
    return -abs(1 - abs(2 * now - before))

# %% wrong 00.bounce: reflects the present position and then adds no step
def bounce(before, now):
    return 1 - abs(1 - abs(now))

# %% wrong 00.bounce: right value, but the caller's array now is changed in place
def bounce(before, now):
    if np.ndim(now) == 0:
        return 1 - abs(1 - abs(2 * now - before))
    now *= 2
    now -= before
    np.abs(now, out=now)
    now[now > 1] = 2 - now[now > 1]
    return now
