# %% right 04.step_jacobian: broadcasting over columns
def step_jacobian(h_t, W_hh):
    return W_hh * (1 - h_t**2)

# %% right 04.step_jacobian: matrix product with np.diag, as in the formula
def step_jacobian(h_t, W_hh):
    slope = np.diag(1.0 - np.square(h_t))
    return W_hh @ slope

# %% right 04.step_jacobian: two plain loops
def step_jacobian(state, W):
    H = len(state)
    J = np.zeros((H, H))
    for i in range(H):
        for j in range(H):
            J[i, j] = W[i, j] * (1 - state[j] * state[j])
    return J

# %% right 04.step_jacobian: einsum
def step_jacobian(h_t, W_hh):
    return np.einsum("ij,j->ij", W_hh, (1 - h_t) * (1 + h_t))

# %% right 04.step_jacobian: autograd on the inverse of tanh as the sum, returned as NumPy
def step_jacobian(h_t, W_hh):
    sums = torch.as_tensor(np.arctanh(h_t))
    W = torch.as_tensor(W_hh)
    J = torch.func.jacrev(lambda nudge: torch.tanh(sums + nudge @ W))(torch.zeros_like(sums))
    return J.T.numpy()

# %% wrong 04.step_jacobian: the slope multiplies the rows instead of the columns
def step_jacobian(h_t, W_hh):
    return W_hh * (1 - h_t**2)[:, None]

# %% wrong 04.step_jacobian: transposed, J[i, j] is the derivative of h_t[i] with respect to h_{t-1}[j]
def step_jacobian(h_t, W_hh):
    return (W_hh * (1 - h_t**2)).T

# %% wrong 04.step_jacobian: W_hh transposed before the slope is applied, as for column vectors
def step_jacobian(h_t, W_hh):
    return W_hh.T @ np.diag(1 - h_t**2)

# %% wrong 04.step_jacobian: the square is forgotten in the slope
def step_jacobian(h_t, W_hh):
    return W_hh @ np.diag(1 - h_t)

# %% wrong 04.step_jacobian: tanh is applied once more to a state that is already a tanh
def step_jacobian(h_t, W_hh):
    return W_hh * (1 - np.tanh(h_t) ** 2)

# %% wrong 04.step_jacobian: the slope of a sigmoid instead of that of tanh
def step_jacobian(h_t, W_hh):
    return np.einsum("ij,j->ij", W_hh, h_t * (1 - h_t))

# %% wrong 04.step_jacobian: elementwise product with the diagonal matrix, so that only the diagonal survives
def step_jacobian(h_t, W_hh):
    return W_hh * np.diag(1 - h_t**2)

# %% wrong 04.step_jacobian: matrix times vector, a vector (H,) instead of a matrix
def step_jacobian(h_t, W_hh):
    return W_hh @ (1 - h_t**2)

# %% right 04.long_jacobian: loop over the last states, multiplied from the right
def long_jacobian(states, W_hh, lag):
    J = np.eye(len(W_hh))
    for h in states[len(states) - lag:]:
        J = J @ step_jacobian(h, W_hh)
    return J

# %% right 04.long_jacobian: from the last state backwards, multiplied from the left
def long_jacobian(states, W_hh, lag):
    product = np.eye(W_hh.shape[0])
    for k in range(1, lag + 1):
        product = (W_hh * (1 - states[-k] ** 2)) @ product
    return product

# %% right 04.long_jacobian: functools.reduce over a list of Jacobians
def long_jacobian(states, W_hh, lag):
    from functools import reduce
    T = len(states)
    factors = [step_jacobian(states[t], W_hh) for t in range(T - lag, T)]
    return reduce(np.matmul, factors, np.identity(len(W_hh)))

# %% right 04.long_jacobian: recursion on the lag
def long_jacobian(states, W_hh, lag):
    if lag == 0:
        return np.eye(states.shape[1])
    return long_jacobian(states[:-1], W_hh, lag - 1) @ step_jacobian(states[-1], W_hh)

# %% wrong 04.long_jacobian: the product in reverse order, the latest step first
def long_jacobian(states, W_hh, lag):
    J = np.eye(len(W_hh))
    for h in states[len(states) - lag:]:
        J = step_jacobian(h, W_hh) @ J
    return J

# %% wrong 04.long_jacobian: states[-lag:] takes all states when the lag is 0
def long_jacobian(states, W_hh, lag):
    J = np.eye(len(W_hh))
    for h in states[-lag:]:
        J = J @ step_jacobian(h, W_hh)
    return J

# %% wrong 04.long_jacobian: the first `lag` states instead of the last ones
def long_jacobian(states, W_hh, lag):
    J = np.eye(len(W_hh))
    for h in states[:lag]:
        J = J @ step_jacobian(h, W_hh)
    return J

# %% wrong 04.long_jacobian: the Jacobian of the last step raised to the power of the lag
def long_jacobian(states, W_hh, lag):
    return np.linalg.matrix_power(step_jacobian(states[-1], W_hh), lag)

# %% wrong 04.long_jacobian: slopes left out, a plain power of W_hh
def long_jacobian(states, W_hh, lag):
    return np.linalg.matrix_power(W_hh, lag)

# %% wrong 04.long_jacobian: off by one, uses h_{T-k} … h_{T-1} instead of h_{T-k+1} … h_T
def long_jacobian(states, W_hh, lag):
    T = len(states)
    J = np.eye(len(W_hh))
    for t in range(T - lag, T):
        J = J @ step_jacobian(states[t - 1], W_hh)
    return J

# %% wrong 04.long_jacobian: elementwise product of the Jacobians instead of a matrix product
def long_jacobian(states, W_hh, lag):
    J = np.eye(len(W_hh)) if lag == 0 else np.ones_like(W_hh)
    for t in range(len(states) - lag, len(states)):
        J = J * step_jacobian(states[t], W_hh)
    return J

# %% wrong 04.long_jacobian: one factor too few, the loop stops before the last step (reduce style)
def long_jacobian(states, W_hh, lag):
    from functools import reduce
    T = len(states)
    return reduce(lambda a, b: a @ b, (W_hh * (1 - states[t] ** 2) for t in range(T - lag, T - 1)), np.eye(len(W_hh)))

# %% right 04.gradients_by_lag: list and loop backwards
def gradients_by_lag(states, W_hh, v):
    found = [v]
    for h in states[:0:-1]:
        v = (v * (1 - h**2)) @ W_hh.T
        found.append(v)
    return np.stack(found)

# %% right 04.gradients_by_lag: filled array, W_hh times a column
def gradients_by_lag(states, W_hh, v):
    T, H = states.shape
    out = np.zeros((T, H))
    out[0] = v
    for k in range(1, T):
        out[k] = W_hh @ (out[k - 1] * (1 - states[T - k] ** 2))
    return out

# %% right 04.gradients_by_lag: through the long Jacobian of each lag
def gradients_by_lag(states, W_hh, v):
    return np.array([long_jacobian(states, W_hh, lag) @ v for lag in range(len(states))])

# %% right 04.gradients_by_lag: itertools.accumulate
def gradients_by_lag(states, W_hh, v):
    from itertools import accumulate
    back = lambda delta, h: np.einsum("j,ij->i", delta * (1 - h * h), W_hh)
    return np.array(list(accumulate(states[1:][::-1], back, initial=v)))

# %% wrong 04.gradients_by_lag: W_hh not transposed on the way back
def gradients_by_lag(states, W_hh, v):
    found = [v]
    for h in states[:0:-1]:
        v = (v * (1 - h**2)) @ W_hh
        found.append(v)
    return np.stack(found)

# %% wrong 04.gradients_by_lag: the slope is that of h_{t-1} instead of h_t
def gradients_by_lag(states, W_hh, v):
    found = [v]
    for h in states[-2::-1]:
        v = (v * (1 - h**2)) @ W_hh.T
        found.append(v)
    return np.stack(found)

# %% wrong 04.gradients_by_lag: the slope is applied after the matrix instead of before it
def gradients_by_lag(states, W_hh, v):
    T, H = states.shape
    out = np.zeros((T, H))
    out[0] = v
    for k in range(1, T):
        out[k] = (1 - states[T - k] ** 2) * (W_hh @ out[k - 1])
    return out

# %% wrong 04.gradients_by_lag: returned in the order of time, lag T-1 first
def gradients_by_lag(states, W_hh, v):
    found = [v]
    for h in states[:0:-1]:
        v = (v * (1 - h**2)) @ W_hh.T
        found.append(v)
    return np.stack(found[::-1])

# %% wrong 04.gradients_by_lag: lag 0 is left out, lags 1 … T are returned
def gradients_by_lag(states, W_hh, v):
    found = []
    for h in states[::-1]:
        v = (v * (1 - h**2)) @ W_hh.T
        found.append(v)
    return np.array(found)

# %% wrong 04.gradients_by_lag: one lag too many, T + 1 rows with the gradient at h_0
def gradients_by_lag(states, W_hh, v):
    found = [v]
    for h in reversed(states):
        v = W_hh @ (v * (1 - h**2))
        found.append(v)
    return np.array(found)

# %% wrong 04.gradients_by_lag: v is changed in place, so that all rows are the same array
def gradients_by_lag(states, W_hh, v):
    found = [v]
    for h in states[:0:-1]:
        v *= 1 - h**2
        v[:] = v @ W_hh.T
        found.append(v)
    return np.stack(found)

# %% wrong 04.gradients_by_lag: the states are walked forwards, from h_2 to h_T
def gradients_by_lag(states, W_hh, v):
    found = [v]
    for h in states[1:]:
        found.append((found[-1] * (1 - h**2)) @ W_hh.T)
    return np.array(found)

# %% right 04.spectral_radius: largest absolute eigenvalue
def spectral_radius(W_hh):
    return np.abs(np.linalg.eigvals(W_hh)).max()

# %% right 04.spectral_radius: plain Python over the eigenvalues
def spectral_radius(W_hh):
    values, _ = np.linalg.eig(np.asarray(W_hh))
    return max(abs(value) for value in values)

# %% right 04.spectral_radius: in torch, handed back as a float
def spectral_radius(W):
    W = torch.as_tensor(W)
    return torch.linalg.eigvals(W).abs().max().item()

# %% right 04.spectral_radius: length of real and imaginary part
def spectral_radius(W_hh):
    lam = np.linalg.eigvals(W_hh)
    return float(np.sqrt(lam.real**2 + lam.imag**2).max())

# %% wrong 04.spectral_radius: the largest singular value
def spectral_radius(W_hh):
    return np.linalg.norm(W_hh, 2)

# %% wrong 04.spectral_radius: the largest real part, without the absolute value
def spectral_radius(W_hh):
    return np.linalg.eigvals(W_hh).real.max()

# %% wrong 04.spectral_radius: absolute value of the real parts only, the imaginary parts are dropped
def spectral_radius(W_hh):
    return np.abs(np.linalg.eigvals(W_hh).real).max()

# %% wrong 04.spectral_radius: absolute value taken after the maximum, so that a large negative eigenvalue is missed
def spectral_radius(W_hh):
    return abs(max(np.linalg.eigvals(W_hh), key=lambda value: value.real))

# %% wrong 04.spectral_radius: eigvalsh, which reads only the lower triangle as of a symmetric matrix
def spectral_radius(W_hh):
    return np.abs(np.linalg.eigvalsh(W_hh)).max()

# %% wrong 04.spectral_radius: the first eigenvalue, as though they came sorted
def spectral_radius(W_hh):
    return float(abs(np.linalg.eigvals(W_hh)[0]))

# %% wrong 04.spectral_radius: the Frobenius norm
def spectral_radius(W_hh):
    return math.sqrt(sum(float(w) ** 2 for row in W_hh for w in row))

# %% wrong 04.spectral_radius: the mean of the absolute eigenvalues
def spectral_radius(W_hh):
    return np.abs(np.linalg.eigvals(W_hh)).mean()

# %% right 04.memory_length: logarithms and ceil, with a radius of 0 apart
def memory_length(radius, share):
    if radius >= 1:
        return math.inf
    if radius == 0:
        return 1
    return math.ceil(math.log(share) / math.log(radius))

# %% right 04.memory_length: counted by a loop (with floats it may differ by one where a power hits the share exactly)
def memory_length(radius, share):
    if radius >= 1:
        return math.inf
    k, left = 0, 1.0
    while left > share:
        left *= radius
        k += 1
    return k

# %% right 04.memory_length: powers instead of a running product
def memory_length(radius, share):
    if not radius < 1:
        return float("inf")
    k = 1
    while radius**k > share:
        k += 1
    return k

# %% right 04.memory_length: NumPy's ceil, a whole number that is a float (the page: "whole number"; ambiguous)
def memory_length(radius, share):
    if radius >= 1:
        return np.inf
    with np.errstate(divide="ignore"):
        return max(1.0, np.ceil(np.log(share) / np.log(radius)))

# %% right 04.memory_length: logarithm to the base radius
def memory_length(rho, share):
    if rho >= 1.0:
        return math.inf
    if rho <= 0.0:
        return 1
    return int(math.ceil(math.log(share, rho)))

# %% wrong 04.memory_length: rounded down instead of up
def memory_length(radius, share):
    if radius >= 1:
        return math.inf
    return int(math.log(share) / math.log(radius))

# %% wrong 04.memory_length: rounded to the nearest whole number
def memory_length(radius, share):
    if radius >= 1:
        return math.inf
    return round(math.log(share) / math.log(radius))

# %% wrong 04.memory_length: the fraction upside down
def memory_length(radius, share):
    return math.inf if radius >= 1 else math.ceil(math.log(radius) / math.log(share))

# %% wrong 04.memory_length: radius exactly 1 not caught, division by zero
def memory_length(radius, share):
    if radius > 1:
        return math.inf
    return math.ceil(math.log(share) / math.log(radius))

# %% wrong 04.memory_length: no whole number, the ceiling is missing
def memory_length(radius, share):
    if radius >= 1:
        return math.inf
    return np.log(share) / np.log(radius)

# %% wrong 04.memory_length: one more than the floor, which is one too many where a power hits the share exactly
def memory_length(radius, share):
    if radius >= 1:
        return math.inf
    return math.floor(math.log(share) / math.log(radius)) + 1

# %% wrong 04.memory_length: steps until `share` is lost, not until `share` is left
def memory_length(radius, share):
    if radius >= 1:
        return math.inf
    return math.ceil(math.log(1 - share) / math.log(radius))

# %% wrong 04.memory_length: no case for radii of 1 and more, only the division by zero is avoided
def memory_length(radius, share):
    if radius == 1:
        return math.inf
    return math.ceil(math.log(share) / math.log(radius))

# %% wrong 04.memory_length: strict comparison in the loop goes one step too far at an exact hit
def memory_length(radius, share):
    if radius >= 1:
        return math.inf
    k = 0
    while radius**k >= share:
        k += 1
    return k

# %% right 04.scale_to_radius: times the wanted over the present radius
def scale_to_radius(W_hh, radius):
    return W_hh * (radius / spectral_radius(W_hh))

# %% right 04.scale_to_radius: copy, then scaled in place
def scale_to_radius(W_hh, radius):
    W = np.array(W_hh, dtype=float)
    W /= np.abs(np.linalg.eigvals(W_hh)).max()
    W *= radius
    return W

# %% right 04.scale_to_radius: comprehension over rows
def scale_to_radius(W, target):
    factor = target / max(abs(np.linalg.eigvals(W)))
    return np.array([[w * factor for w in row] for row in W])

# %% wrong 04.scale_to_radius: scaled in place, the caller's matrix changes
def scale_to_radius(W_hh, radius):
    W_hh *= radius / spectral_radius(W_hh)
    return W_hh

# %% wrong 04.scale_to_radius: times the radius without dividing by the present one
def scale_to_radius(W_hh, radius):
    return radius * W_hh

# %% wrong 04.scale_to_radius: divided by the largest singular value instead of the radius
def scale_to_radius(W_hh, radius):
    return radius * W_hh / np.linalg.norm(W_hh, ord=2)

# %% wrong 04.scale_to_radius: factor upside down
def scale_to_radius(W_hh, radius):
    return W_hh * spectral_radius(W_hh) / radius

# %% wrong 04.scale_to_radius: only shrinks, a matrix whose radius is below the wanted one is left as it is
def scale_to_radius(W_hh, radius):
    return W_hh * min(1.0, radius / spectral_radius(W_hh))

# %% wrong 04.scale_to_radius: the target argument is ignored, always radius 1
def scale_to_radius(W_hh, radius):
    return W_hh / spectral_radius(W_hh)

# %% wrong 04.scale_to_radius: all eigenvalues put onto the radius, not one factor for the matrix
def scale_to_radius(W_hh, radius):
    values, vectors = np.linalg.eig(W_hh)
    values = radius * values / np.abs(values)
    return (vectors @ np.diag(values) @ np.linalg.inv(vectors)).real

# %% wrong 04.scale_to_radius: each row scaled to the length `radius`
def scale_to_radius(W_hh, radius):
    return radius * W_hh / np.linalg.norm(W_hh, axis=1, keepdims=True)

# %% wrong 04.scale_to_radius: square root of the factor
def scale_to_radius(W_hh, radius):
    return W_hh * np.sqrt(radius / spectral_radius(W_hh))

# %% right 04.first_weights: QR
def first_weights(W_hh, kind):
    H = len(W_hh)
    if kind == "Gaussian":
        return W_hh / np.sqrt(H)
    if kind == "orthogonal":
        return np.linalg.qr(W_hh)[0]
    return np.eye(H)

# %% right 04.first_weights: SVD, the nearest orthogonal matrix
def first_weights(W_hh, kind):
    if kind == "identity":
        return np.identity(W_hh.shape[0])
    if kind == "orthogonal":
        U, _, Vt = np.linalg.svd(W_hh)
        return U @ Vt
    if kind == "Gaussian":
        return W_hh * W_hh.shape[0] ** -0.5
    raise ValueError(kind)

# %% right 04.first_weights: QR with the signs of R, by match
def first_weights(W_hh, kind):
    match kind:
        case "Gaussian":
            return W_hh / math.sqrt(len(W_hh))
        case "orthogonal":
            Q, R = np.linalg.qr(W_hh)
            return Q * np.sign(np.diag(R))
        case "identity":
            return np.eye(len(W_hh))

# %% right 04.first_weights: eigenvectors of a symmetric matrix as the orthogonal one
def first_weights(noise, kind):
    size = noise.shape[1]
    made = {
        "Gaussian": lambda: noise / size**0.5,
        "orthogonal": lambda: np.linalg.eigh(noise + noise.T)[1],
        "identity": lambda: np.eye(size),
    }
    return made[kind]()

# %% wrong 04.first_weights: Gaussian divided by H, variance 1/H²
def first_weights(W_hh, kind):
    H = len(W_hh)
    if kind == "Gaussian":
        return W_hh / H
    if kind == "orthogonal":
        return np.linalg.qr(W_hh)[0]
    return np.eye(H)

# %% wrong 04.first_weights: Gaussian left with variance 1
def first_weights(W_hh, kind):
    if kind == "orthogonal":
        return np.linalg.qr(W_hh)[0]
    if kind == "identity":
        return np.eye(len(W_hh))
    return W_hh.copy()

# %% wrong 04.first_weights: He's variance 2/H instead of 1/H
def first_weights(W_hh, kind):
    H = len(W_hh)
    if kind == "Gaussian":
        return W_hh * np.sqrt(2 / H)
    if kind == "orthogonal":
        U, _, Vt = np.linalg.svd(W_hh)
        return U @ Vt
    return np.eye(H)

# %% wrong 04.first_weights: orthogonal rows only brought to length 1, not to right angles
def first_weights(W_hh, kind):
    H = len(W_hh)
    if kind == "Gaussian":
        return W_hh / np.sqrt(H)
    if kind == "orthogonal":
        return W_hh / np.linalg.norm(W_hh, axis=1, keepdims=True)
    return np.eye(H)

# %% wrong 04.first_weights: the triangular factor R of QR is returned
def first_weights(W_hh, kind):
    H = len(W_hh)
    if kind == "Gaussian":
        return W_hh / np.sqrt(H)
    if kind == "orthogonal":
        Q, R = np.linalg.qr(W_hh)
        return R
    return np.eye(H)

# %% wrong 04.first_weights: the orthogonal matrix is divided by sqrt(H) as well
def first_weights(W_hh, kind):
    H = len(W_hh)
    W = np.linalg.qr(W_hh)[0] if kind == "orthogonal" else W_hh
    return np.eye(H) if kind == "identity" else W / np.sqrt(H)

# %% wrong 04.first_weights: eigenvectors of the matrix itself, which are not at right angles
def first_weights(W_hh, kind):
    H = len(W_hh)
    if kind == "Gaussian":
        return W_hh / np.sqrt(H)
    if kind == "orthogonal":
        return np.linalg.eig(W_hh)[1].real
    return np.eye(H)

# %% wrong 04.first_weights: identity keeps the noise on its diagonal
def first_weights(W_hh, kind):
    H = len(W_hh)
    if kind == "Gaussian":
        return W_hh / np.sqrt(H)
    if kind == "orthogonal":
        return np.linalg.qr(W_hh)[0]
    return W_hh * np.eye(H)

# %% wrong 04.first_weights: size 64 written into the Gaussian
def first_weights(W_hh, kind):
    if kind == "Gaussian":
        return W_hh / 8
    if kind == "orthogonal":
        return np.linalg.qr(W_hh)[0]
    return np.eye(len(W_hh))

# %% wrong 04.first_weights: "Gaussian" compared in small letters, so it falls through to the identity
def first_weights(W_hh, kind):
    if kind == "gaussian":
        return W_hh / np.sqrt(len(W_hh))
    elif kind == "orthogonal":
        return np.linalg.qr(W_hh)[0]
    else:
        return np.eye(len(W_hh))

# %% right 04.global_norm: square root of the sum of squares
def global_norm(grads):
    return np.sqrt(sum((g**2).sum() for g in grads))

# %% right 04.global_norm: laid end to end
def global_norm(grads):
    return np.linalg.norm(np.concatenate([np.ravel(g) for g in grads]))

# %% right 04.global_norm: norm of the norms
def global_norm(grads):
    return float(np.linalg.norm([np.linalg.norm(np.asarray(g).ravel()) for g in grads]))

# %% right 04.global_norm: math.hypot over all numbers
def global_norm(grads):
    return math.hypot(*(float(value) for g in grads for value in np.asarray(g).flat))

# %% wrong 04.global_norm: sum of the norms of the tensors
def global_norm(grads):
    return sum(np.linalg.norm(g) for g in grads)

# %% wrong 04.global_norm: no square root
def global_norm(grads):
    return sum((g**2).sum() for g in grads)

# %% wrong 04.global_norm: root of the mean of the squares
def global_norm(grads):
    flat = np.concatenate([g.ravel() for g in grads])
    return np.sqrt(np.mean(flat**2))

# %% wrong 04.global_norm: the largest of the tensors' norms
def global_norm(grads):
    return max(np.linalg.norm(g) for g in grads)

# %% wrong 04.global_norm: np.linalg.norm with order 2 takes the largest singular value of matrices
def global_norm(grads):
    return np.sqrt(sum(np.linalg.norm(g, 2) ** 2 for g in grads))

# %% wrong 04.global_norm: square of the sum instead of the sum of squares
def global_norm(grads):
    return math.sqrt(sum(float(np.sum(g)) ** 2 for g in grads))

# %% wrong 04.global_norm: arrays joined without flattening, an error for different shapes
def global_norm(grads):
    return np.linalg.norm(np.concatenate(grads))

# %% wrong 04.global_norm: sum of absolute values, the 1-norm
def global_norm(grads):
    return sum(np.abs(g).sum() for g in grads)

# %% right 04.clip_by_norm: the smaller of 1 and limit over norm, with zero apart
def clip_by_norm(grads, limit):
    norm = global_norm(grads)
    factor = min(1.0, limit / norm) if norm > 0 else 1.0
    return [g * factor for g in grads]

# %% right 04.clip_by_norm: two cases with copies
def clip_by_norm(grads, limit):
    size = global_norm(grads)
    if size <= limit:
        return [np.array(g) for g in grads]
    return [limit * g / size for g in grads]

# %% right 04.clip_by_norm: divided by the larger of norm and limit
def clip_by_norm(grads, limit):
    flat = np.concatenate([np.ravel(g) for g in grads])
    scale = limit / max(limit, np.sqrt(flat @ flat))
    out = []
    for g in grads:
        out.append(np.multiply(g, scale))
    return out

# %% right 04.clip_by_norm: the list itself for a short gradient (ambiguous: "new arrays" against "stays as it is")
def clip_by_norm(grads, limit):
    norm = global_norm(grads)
    if norm <= limit:
        return grads
    return [g * (limit / norm) for g in grads]

# %% right 04.clip_by_norm: divides by norm + 1e-6 as PyTorch does (ambiguous: the page names this as PyTorch's own gap)
def clip_by_norm(grads, limit):
    factor = min(1.0, limit / (global_norm(grads) + 1e-6))
    return [factor * g for g in grads]

# %% wrong 04.clip_by_norm: each tensor clipped by its own norm
def clip_by_norm(grads, limit):
    return [g * min(1.0, limit / max(np.linalg.norm(g), 1e-300)) for g in grads]

# %% wrong 04.clip_by_norm: each entry cut at the limit
def clip_by_norm(grads, limit):
    return [np.clip(g, -limit, limit) for g in grads]

# %% wrong 04.clip_by_norm: no minimum with 1, short gradients are made longer
def clip_by_norm(grads, limit):
    norm = global_norm(grads)
    return [g * (limit / norm) for g in grads]

# %% wrong 04.clip_by_norm: the gradients are changed in place
def clip_by_norm(grads, limit):
    norm = global_norm(grads)
    if norm > limit:
        for g in grads:
            g *= limit / norm
    return grads

# %% wrong 04.clip_by_norm: maximum instead of minimum
def clip_by_norm(grads, limit):
    factor = max(1.0, limit / global_norm(grads))
    return [factor * g for g in grads]

# %% wrong 04.clip_by_norm: a long gradient is brought to length 1 instead of the limit
def clip_by_norm(grads, limit):
    norm = global_norm(grads)
    return [g / norm if norm > limit else g.copy() for g in grads]

# %% wrong 04.clip_by_norm: 0 divided by 0 for a gradient of zeros gives NaN
def clip_by_norm(grads, limit):
    norm = global_norm(grads)
    with np.errstate(invalid="ignore", divide="ignore"):
        return [g / norm * min(norm, limit) for g in grads]

# %% wrong 04.clip_by_norm: the norm is computed again after each tensor has been shortened
def clip_by_norm(grads, limit):
    out = [g.copy() for g in grads]
    for k in range(len(out)):
        norm = global_norm(out)
        if norm > limit:
            out[k] = out[k] * limit / norm
    return out

# %% wrong 04.clip_by_norm: compared with the squared norm
def clip_by_norm(grads, limit):
    squared = sum(float((g * g).sum()) for g in grads)
    factor = 1.0 if squared <= limit else limit / squared
    return [g * factor for g in grads]

# %% right 04.turned_by: flat vectors, arccos in degrees, cosine clipped
def turned_by(before, after):
    a = np.concatenate([g.ravel() for g in before])
    b = np.concatenate([g.ravel() for g in after])
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))

# %% right 04.turned_by: sums over pairs and global_norm, without clipping (NaN by rounding is caught by the page)
def turned_by(before, after):
    inner = sum((a * b).sum() for a, b in zip(before, after, strict=True))
    return np.rad2deg(np.arccos(inner / (global_norm(before) * global_norm(after))))

# %% right 04.turned_by: arctan2 of difference and sum of the unit vectors
def turned_by(before, after):
    u = [g / global_norm(before) for g in before]
    w = [g / global_norm(after) for g in after]
    apart = global_norm([a - b for a, b in zip(u, w)])
    along = global_norm([a + b for a, b in zip(u, w)])
    return math.degrees(2 * math.atan2(apart, along))

# %% right 04.turned_by: torch's cosine similarity
def turned_by(before, after):
    a, b = (torch.cat([torch.as_tensor(g, dtype=torch.float64).flatten() for g in side]) for side in (before, after))
    cosine = F.cosine_similarity(a, b, dim=0, eps=1e-300).clamp(-1, 1)
    return math.degrees(math.acos(cosine.item()))

# %% wrong 04.turned_by: in radians
def turned_by(before, after):
    inner = sum((a * b).sum() for a, b in zip(before, after, strict=True))
    return np.arccos(np.clip(inner / (global_norm(before) * global_norm(after)), -1, 1))

# %% wrong 04.turned_by: the mean of the angles of the single tensors
def turned_by(before, after):
    angles = []
    for a, b in zip(before, after, strict=True):
        cosine = (a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b))
        angles.append(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    return np.mean(angles)

# %% wrong 04.turned_by: absolute value of the cosine, so that no angle is above 90 degrees
def turned_by(before, after):
    inner = sum((a * b).sum() for a, b in zip(before, after))
    cosine = abs(inner) / (global_norm(before) * global_norm(after))
    return np.degrees(np.arccos(min(cosine, 1.0)))

# %% wrong 04.turned_by: the cosine is returned instead of the angle
def turned_by(before, after):
    inner = sum((a * b).sum() for a, b in zip(before, after))
    return inner / (global_norm(before) * global_norm(after))

# %% wrong 04.turned_by: divided by the squared norm of the first, not by both norms
def turned_by(before, after):
    inner = sum((a * b).sum() for a, b in zip(before, after))
    return np.degrees(np.arccos(np.clip(inner / global_norm(before) ** 2, -1, 1)))

# %% wrong 04.turned_by: norms not divided out, the clip hides it
def turned_by(before, after):
    a, b = (np.hstack([np.ravel(g) for g in side]) for side in (before, after))
    return float(np.degrees(np.arccos(np.clip(np.dot(a, b), -1.0, 1.0))))

# %% wrong 04.turned_by: times 180 without dividing by pi
def turned_by(before, after):
    inner = sum((a * b).sum() for a, b in zip(before, after))
    cosine = np.clip(inner / (global_norm(before) * global_norm(after)), -1, 1)
    return np.arccos(cosine) * 180

# %% wrong 04.turned_by: arcsin instead of arccos
def turned_by(before, after):
    inner = sum((a * b).sum() for a, b in zip(before, after))
    cosine = np.clip(inner / (global_norm(before) * global_norm(after)), -1, 1)
    return np.degrees(np.arcsin(cosine))

# %% wrong 04.turned_by: a matrix product of the tensors instead of an inner product
def turned_by(before, after):
    inner = sum((a.T @ b).sum() for a, b in zip(before, after))
    return np.degrees(np.arccos(np.clip(inner / (global_norm(before) * global_norm(after)), -1, 1)))
