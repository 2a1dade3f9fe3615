# %% right 15.utf8_encode: a chain of ifs with shifts and masks
def utf8_encode(code_point):
    if code_point < 0x80:
        return [code_point]
    if code_point < 0x800:
        return [0xC0 | code_point >> 6, 0x80 | code_point & 0x3F]
    if code_point < 0x10000:
        return [0xE0 | code_point >> 12, 0x80 | code_point >> 6 & 0x3F, 0x80 | code_point & 0x3F]
    return [0xF0 | code_point >> 18, 0x80 | code_point >> 12 & 0x3F, 0x80 | code_point >> 6 & 0x3F,
            0x80 | code_point & 0x3F]

# %% right 15.utf8_encode: a loop with divmod that peels six bits at a time from the end
def utf8_encode(c):
    if c < 128:
        return [c]
    following = 1 if c < 2048 else 2 if c < 65536 else 3
    out = []
    for _ in range(following):
        c, rest = divmod(c, 64)
        out.insert(0, 128 + rest)
    mark = (192, 224, 240)[following - 1]
    return [mark + c] + out

# %% right 15.utf8_encode: strings of bits, filled with zeros and cut in sixes
def utf8_encode(code_point):
    if code_point < 0x80:
        return [code_point]
    n = 2 if code_point < 0x800 else 3 if code_point < 0x10000 else 4
    first_bits = 7 - n
    bits = format(code_point, "b").zfill(first_bits + 6 * (n - 1))
    first, rest = bits[:first_bits], bits[first_bits:]
    pieces = ["1" * n + "0" + first]
    for k in range(0, len(rest), 6):
        pieces.append("10" + rest[k : k + 6])
    return [int(piece, 2) for piece in pieces]

# %% right 15.utf8_encode: a table of limits and marks
def utf8_encode(code_point):
    table = [(0x80, 0x00, 0), (0x800, 0xC0, 1), (0x10000, 0xE0, 2), (0x110000, 0xF0, 3)]
    for limit, mark, more in table:
        if code_point < limit:
            first = mark + code_point // 64**more
            return [first] + [0x80 + code_point // 64**k % 64 for k in range(more - 1, -1, -1)]
    raise ValueError(code_point)

# %% wrong 15.utf8_encode: the first limit is inclusive, so 0x80 itself becomes one byte
def utf8_encode(code_point):
    c = code_point
    if c <= 0x80:
        return [c]
    if c < 0x800:
        return [0xC0 | c >> 6, 0x80 | c & 0x3F]
    if c < 0x10000:
        return [0xE0 | c >> 12, 0x80 | c >> 6 & 0x3F, 0x80 | c & 0x3F]
    return [0xF0 | c >> 18, 0x80 | c >> 12 & 0x3F, 0x80 | c >> 6 & 0x3F, 0x80 | c & 0x3F]

# %% wrong 15.utf8_encode: the middle byte of three is not reduced modulo 64
def utf8_encode(code_point):
    c = code_point
    if c < 0x80:
        return [c]
    if c < 0x800:
        return [0xC0 + c // 64, 0x80 + c % 64]
    if c < 0x10000:
        return [0xE0 + c // 4096, 0x80 + c // 64, 0x80 + c % 64]
    return [0xF0 + c // 262144, 0x80 + c // 4096 % 64, 0x80 + c // 64 % 64, 0x80 + c % 64]

# %% wrong 15.utf8_encode: the following bytes come in the wrong order, last six bits first
def utf8_encode(c):
    if c < 128:
        return [c]
    n = 1 if c < 2048 else 2 if c < 65536 else 3
    out = []
    for _ in range(n):
        out.append(128 + c % 64)
        c //= 64
    return [(192, 224, 240)[n - 1] + c] + out

# %% wrong 15.utf8_encode: four bytes begin with the mark of three, 1110
def utf8_encode(code_point):
    if code_point < 0x80:
        return [code_point]
    n = 1 if code_point < 0x800 else 2 if code_point < 0x10000 else 3
    first = 0xC0 if n == 1 else 0xE0
    return [first | code_point >> 6 * n] + [0x80 | code_point >> 6 * k & 0x3F for k in range(n - 1, -1, -1)]

# %% wrong 15.utf8_encode: no case of four bytes, everything from 0x800 on gets three
def utf8_encode(code_point):
    if code_point < 0x80:
        return [code_point]
    if code_point < 0x800:
        return [0b11000000 | code_point >> 6, 0b10000000 | code_point & 63]
    return [0b11100000 | code_point >> 12 & 15, 0b10000000 | code_point >> 6 & 63, 0b10000000 | code_point & 63]

# %% wrong 15.utf8_encode: the marks 110 and 10 are added as small numbers, not moved to the top of the byte
def utf8_encode(c):
    if c < 0x80:
        return [c]
    if c < 0x800:
        return [0b110 + c // 64, 0b10 + c % 64]
    if c < 0x10000:
        return [0b1110 + c // 4096, 0b10 + c // 64 % 64, 0b10 + c % 64]
    return [0b11110 + c // 262144, 0b10 + c // 4096 % 64, 0b10 + c // 64 % 64, 0b10 + c % 64]

# %% wrong 15.utf8_encode: the limit between two and three bytes is 0x7FF with a strict comparison
def utf8_encode(code_point):
    table = [(0x80, 0x00, 0), (0x7FF, 0xC0, 1), (0x10000, 0xE0, 2), (0x110000, 0xF0, 3)]
    for limit, mark, more in table:
        if code_point < limit:
            return [mark + code_point // 64**more] + [0x80 + code_point // 64**k % 64 for k in reversed(range(more))]

# %% wrong 15.utf8_encode: bits as strings, but the padding zeros are put behind instead of in front
def utf8_encode(code_point):
    if code_point < 0x80:
        return [code_point]
    n = 2 if code_point < 0x800 else 3 if code_point < 0x10000 else 4
    bits = bin(code_point)[2:].ljust(7 - n + 6 * (n - 1), "0")
    first, rest = bits[: 7 - n], bits[7 - n :]
    return [int("1" * n + "0" + first, 2)] + [int("10" + rest[k : k + 6], 2) for k in range(0, len(rest), 6)]

# %% right 15.pre_tokenise: one pattern and findall
def pre_tokenise(text):
    return re.findall(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+", text)

# %% right 15.pre_tokenise: verbose pattern, compiled, with finditer
PIECES = re.compile(r"""
    '(?:s|t|re|ve|m|ll|d)      # English endings
  | [ ]?[^\W\d_]+              # a word
  | [ ]?\d+                    # a number
  | [ ]?(?:_|[^\w\s])+         # the others
  | \s+(?!\S)                  # white space but the last
  | \s+                        # the rest
""", re.VERBOSE)


def pre_tokenise(text):
    return [found.group() for found in PIECES.finditer(text)]

# %% right 15.pre_tokenise: the pattern joined from parts, the others by a negative look ahead
def pre_tokenise(text):
    letter = r"[^\W\d_]"
    endings = "'s|'t|'re|'ve|'m|'ll|'d"
    others = rf"(?:(?!{letter})[^\s\d])+"
    parts = [endings, rf" ?{letter}+", r" ?\d+", rf" ?{others}", r"\s+(?!\S)", r"\s+"]
    return re.compile("|".join(parts)).findall(text)

# %% right 15.pre_tokenise: walking through the text, trying the parts in order with match
def pre_tokenise(text):
    parts = [re.compile(p) for p in (r"'(?:[stmd]|re|ve|ll)", r" ?[^\W\d_]+", r" ?\d+", r" ?(?:[^\w\s]|_)+",
                                     r"\s+(?=\s|\Z)", r"\s+")]
    out, at = [], 0
    while at < len(text):
        for part in parts:
            found = part.match(text, at)
            if found:
                out.append(found.group())
                at = found.end()
                break
    return out

# %% wrong 15.pre_tokenise: the underscore counts as a letter
def pre_tokenise(text):
    return re.findall(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d]+| ?\d+| ?[^\s\w]+|\s+(?!\S)|\s+", text)

# %% wrong 15.pre_tokenise: the underscore belongs to no part and is lost
def pre_tokenise(text):
    return re.findall(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?[^\s\w]+|\s+(?!\S)|\s+", text)

# %% wrong 15.pre_tokenise: no look ahead, white space swallows the space that belongs to the next word
def pre_tokenise(text):
    return re.findall(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+", text)

# %% wrong 15.pre_tokenise: any white space, not only a space, is taken in front of a word
def pre_tokenise(text):
    return re.findall(r"'s|'t|'re|'ve|'m|'ll|'d|\s?[^\W\d_]+|\s?\d+|\s?(?:[^\s\w]|_)+|\s+(?!\S)|\s+", text)

# %% wrong 15.pre_tokenise: numbers carry no space in front
def pre_tokenise(text):
    return re.findall(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+|\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+", text)

# %% wrong 15.pre_tokenise: only the letters A to Z are letters, é and ß fall among the others
def pre_tokenise(text):
    pattern = r"'s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?\d+| ?[^\sA-Za-z\d]+|\s+(?!\S)|\s+"
    return [m.group(0) for m in re.finditer(pattern, text)]

# %% wrong 15.pre_tokenise: the English endings are tried after the punctuation, so the apostrophe is cut off alone
def pre_tokenise(text):
    return re.findall(r" ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|'s|'t|'re|'ve|'m|'ll|'d|\s+(?!\S)|\s+", text)

# %% wrong 15.pre_tokenise: case is ignored, so 'S and 'RE are cut as endings too
def pre_tokenise(text):
    pattern = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+", re.IGNORECASE)
    return pattern.findall(text)

# %% wrong 15.pre_tokenise: a capturing group makes findall return the group, not the match
def pre_tokenise(text):
    return re.findall(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?([^\s\w]|_)+|\s+(?!\S)|\s+", text)

# %% wrong 15.pre_tokenise: the space is taken behind the word, not in front
def pre_tokenise(text):
    return re.findall(r"'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+ ?|\d+ ?|(?:[^\s\w]|_)+ ?|\s+(?!\S)|\s+", text)

# %% right 15.count_pairs: Counter with pairwise
def count_pairs(words):
    counts = Counter()
    for word, n in words.items():
        for pair in pairwise(word):
            counts[pair] += n
    return counts

# %% right 15.count_pairs: a plain dict, indices and get
def count_pairs(vocabulary):
    found = {}
    for ids in vocabulary:
        for i in range(len(ids) - 1):
            key = (ids[i], ids[i + 1])
            found[key] = found.get(key, 0) + vocabulary[ids]
    return found

# %% right 15.count_pairs: zip of the word with itself moved by one, defaultdict
def count_pairs(words):
    from collections import defaultdict
    table = defaultdict(int)
    for w, times in words.items():
        for left, right in zip(w, w[1:]):
            table[left, right] += times
    return dict(table)

# %% wrong 15.count_pairs: the count of the word is ignored, every occurrence adds one
def count_pairs(words):
    return dict(Counter(pair for word in words for pair in pairwise(word)))

# %% wrong 15.count_pairs: a pair that stands twice in a word is counted once
def count_pairs(words):
    counts = Counter()
    for word, n in words.items():
        for pair in set(pairwise(word)):
            counts[pair] += n
    return counts

# %% wrong 15.count_pairs: the neighbours are taken two by two and do not overlap
def count_pairs(words):
    counts = {}
    for word, n in words.items():
        for pair in zip(word[::2], word[1::2]):
            counts[pair] = counts.get(pair, 0) + n
    return counts

# %% wrong 15.count_pairs: a later word overwrites the count instead of adding to it
def count_pairs(words):
    return {pair: n for word, n in words.items() for pair in pairwise(word)}

# %% wrong 15.count_pairs: the last pair of every word is left out
def count_pairs(words):
    out = Counter()
    for w, n in words.items():
        for i in range(len(w) - 2):
            out[w[i], w[i + 1]] += n
    return out

# %% wrong 15.count_pairs: the order in the pair is ignored, the smaller id is put first
def count_pairs(words):
    counts = Counter()
    for word, n in words.items():
        for a, b in pairwise(word):
            counts[min(a, b), max(a, b)] += n
    return counts

# %% wrong 15.count_pairs: all words are strung together, so pairs cross from one word to the next
def count_pairs(words):
    everything = []
    for word, n in words.items():
        everything.extend(list(word) * n)
    return Counter(pairwise(everything))

# %% wrong 15.count_pairs: the word is closed to a ring, its last and first symbol count as a pair
def count_pairs(words):
    counts = {}
    for word, n in words.items():
        for i in range(len(word)):
            pair = word[i], word[(i + 1) % len(word)]
            counts[pair] = counts.get(pair, 0) + n
    return counts

# %% wrong 15.count_pairs: of three equal symbols only the first pair is counted (no overlap of equal ones)
def count_pairs(words):
    counts = Counter()
    for word, n in words.items():
        i = 0
        while i + 1 < len(word):
            counts[word[i], word[i + 1]] += n
            i += 2 if i + 2 < len(word) and word[i] == word[i + 1] == word[i + 2] else 1
    return counts

# %% right 15.best_pair: min by negative count, then the pair
def best_pair(counts):
    return min(counts, key=lambda pair: (-counts[pair], pair))

# %% right 15.best_pair: the maximum first, then the smallest pair that has it
def best_pair(counts):
    top = max(counts.values())
    return min(pair for pair, n in counts.items() if n == top)

# %% right 15.best_pair: a loop that keeps the best so far
def best_pair(counts):
    best, most = None, -1
    for pair, n in counts.items():
        if n > most or (n == most and pair < best):
            best, most = pair, n
    return best

# %% right 15.best_pair: sorted twice, relying on stable sorting
def best_pair(table):
    order = sorted(table)
    order.sort(key=table.get, reverse=True)
    return order[0]

# %% wrong 15.best_pair: of equally common pairs the first in the dict is taken
def best_pair(counts):
    return max(counts, key=counts.get)

# %% wrong 15.best_pair: ties go to the largest pair
def best_pair(counts):
    return max(counts, key=lambda pair: (counts[pair], pair))

# %% wrong 15.best_pair: the smallest pair of all, whatever its count, when sorting pair before count
def best_pair(counts):
    return min(counts, key=lambda pair: (pair, -counts[pair]))

# %% wrong 15.best_pair: ties are decided by the right id first
def best_pair(counts):
    return min(counts, key=lambda pair: (-counts[pair], pair[1], pair[0]))

# %% wrong 15.best_pair: ties are decided by the left id alone, then by the order in the dict
def best_pair(counts):
    return min(counts, key=lambda p: (-counts[p], p[0]))

# %% wrong 15.best_pair: ties are decided as text, so 100 comes before 20
def best_pair(counts):
    top = max(counts.values())
    return sorted((p for p in counts if counts[p] == top), key=str)[0]

# %% wrong 15.best_pair: the pair is returned together with its count
def best_pair(counts):
    return min(counts.items(), key=lambda item: (-item[1], item[0]))

# %% wrong 15.best_pair: ties are decided by the sum of the two ids
def best_pair(counts):
    best = None
    for pair in counts:
        if best is None or (counts[pair], -sum(pair)) > (counts[best], -sum(best)):
            best = pair
    return best

# %% wrong 15.best_pair: the last of the commonest pairs in the dict wins (>= in the loop)
def best_pair(counts):
    most, best = 0, None
    for pair in counts:
        if counts[pair] >= most:
            most, best = counts[pair], pair
    return best

# %% right 15.merge: a while loop over the index
def merge(ids, pair, new):
    out, i = [], 0
    while i < len(ids):
        if i + 1 < len(ids) and ids[i] == pair[0] and ids[i + 1] == pair[1]:
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out

# %% right 15.merge: compared as a slice
def merge(ids, pair, new):
    a, b = pair
    result = []
    i = 0
    while i < len(ids):
        if list(ids[i : i + 2]) == [a, b]:
            result += [new]
            i = i + 2
        else:
            result += [ids[i]]
            i = i + 1
    return result

# %% right 15.merge: a stack whose last two symbols are compared
def merge(ids, pair, new):
    stack = []
    for symbol in ids:
        if stack and stack[-1] == pair[0] and symbol == pair[1]:
            stack[-1] = new
        else:
            stack.append(symbol)
    return stack

# %% right 15.merge: a for loop with a flag that skips the partner
def merge(ids, pair, new):
    merged, skip = [], False
    for here, after in zip(ids, [*ids[1:], None]):
        if skip:
            skip = False
            continue
        if (here, after) == tuple(pair):
            merged.append(new)
            skip = True
        else:
            merged.append(here)
    return merged

# %% wrong 15.merge: the given list is changed in place
def merge(ids, pair, new):
    i = 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) == pair:
            ids[i : i + 2] = [new]
        i += 1
    return ids

# %% wrong 15.merge: the last symbol is lost where it belongs to no pair
def merge(ids, pair, new):
    out, i = [], 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) == pair:
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out

# %% wrong 15.merge: the index moves on by one after a merge, so the right half stays
def merge(ids, pair, new):
    out = []
    for i in range(len(ids)):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair:
            out.append(new)
        else:
            out.append(ids[i])
    return out

# %% wrong 15.merge: from right to left, so that in a a a the last two are joined
def merge(ids, pair, new):
    out, i = [], len(ids) - 1
    while i >= 0:
        if i > 0 and ids[i - 1] == pair[0] and ids[i] == pair[1]:
            out.append(new)
            i -= 2
        else:
            out.append(ids[i])
            i -= 1
    return out[::-1]

# %% wrong 15.merge: only the first occurrence is replaced
def merge(ids, pair, new):
    ids = list(ids)
    for i in range(len(ids) - 1):
        if (ids[i], ids[i + 1]) == pair:
            return ids[:i] + [new] + ids[i + 2 :]
    return ids

# %% wrong 15.merge: the pair is also replaced where it stands in the other order
def merge(ids, pair, new):
    out, i = [], 0
    while i < len(ids):
        if i + 1 < len(ids) and {ids[i], ids[i + 1]} == set(pair):
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out

# %% wrong 15.merge: replaced in a string of numbers, where "1 2" is also found inside "11 2"
def merge(ids, pair, new):
    text = " ".join(map(str, ids)).replace("{} {}".format(*pair), str(new))
    return [int(word) for word in text.split()]

# %% wrong 15.merge: runs over the end of the list when the last symbol is no pair (IndexError)
def merge(ids, pair, new):
    out, i = [], 0
    while i < len(ids):
        if ids[i] == pair[0] and ids[i + 1] == pair[1]:
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out

# %% right 15.train_bpe: the three functions in a loop
def train_bpe(words, number):
    merges = []
    for n in range(number):
        counts = count_pairs(words)
        if not counts:
            break
        pair = best_pair(counts)
        merges.append(pair)
        words = {tuple(merge(list(word), pair, 256 + n)): count for word, count in words.items()}
    return merges

# %% right 15.train_bpe: a while loop on a list of words, the id from the length of the list of merges
def train_bpe(words, number):
    pieces = [(list(ids), n) for ids, n in words.items()]
    learned = []
    while len(learned) < number:
        counts = count_pairs({tuple(ids): n for ids, n in pieces})
        if len(counts) == 0:
            return learned
        best = best_pair(counts)
        pieces = [(merge(ids, best, 256 + len(learned)), n) for ids, n in pieces]
        learned.append(best)
    return learned

# %% right 15.train_bpe: everything written out again, with a Counter of its own
def train_bpe(words, number):
    current = Counter({tuple(w): n for w, n in words.items()})
    result = []
    for new in range(256, 256 + number):
        table = Counter()
        for w, n in current.items():
            for i in range(1, len(w)):
                table[w[i - 1], w[i]] += n
        if not table:
            break
        result.append(sorted(table, key=lambda p: (-table[p], p))[0])
        following = Counter()
        for w, n in current.items():
            following[tuple(merge(list(w), result[-1], new))] += n
        current = following
    return result

# %% wrong 15.train_bpe: the first merge makes the id 257
def train_bpe(words, number):
    merges = []
    for n in range(number):
        counts = count_pairs(words)
        if not counts:
            break
        merges.append(best_pair(counts))
        words = {tuple(merge(list(w), merges[-1], 256 + len(merges))): c for w, c in words.items()}
    return merges

# %% wrong 15.train_bpe: every merge makes the same id 256
def train_bpe(words, number):
    merges = []
    for _ in range(number):
        counts = count_pairs(words)
        if not counts:
            break
        pair = best_pair(counts)
        merges.append(pair)
        words = {tuple(merge(list(w), pair, 256)): c for w, c in words.items()}
    return merges

# %% wrong 15.train_bpe: no early stop, best_pair of nothing raises an error
def train_bpe(words, number):
    merges = []
    for n in range(number):
        pair = best_pair(count_pairs(words))
        merges.append(pair)
        words = {tuple(merge(list(w), pair, 256 + n)): c for w, c in words.items()}
    return merges

# %% wrong 15.train_bpe: the counts of the words are lost after the first merge
def train_bpe(words, number):
    merges = []
    for n in range(number):
        counts = count_pairs(words)
        if not counts:
            break
        merges.append(best_pair(counts))
        words = Counter(tuple(merge(list(w), merges[-1], 256 + n)) for w in words)
    return merges

# %% wrong 15.train_bpe: stops already where no pair occurs twice
def train_bpe(words, number):
    merges = []
    for n in range(number):
        counts = count_pairs(words)
        if not counts or max(counts.values()) < 2:
            break
        pair = best_pair(counts)
        merges.append(pair)
        words = {tuple(merge(list(w), pair, 256 + n)): c for w, c in words.items()}
    return merges

# %% wrong 15.train_bpe: counts once at the beginning and takes the `number` commonest pairs
def train_bpe(words, number):
    counts = count_pairs(words)
    return sorted(counts, key=lambda pair: (-counts[pair], pair))[:number]

# %% wrong 15.train_bpe: the new id is the largest one in the words plus one, not 256 + n
def train_bpe(words, number):
    merges = []
    for _ in range(number):
        counts = count_pairs(words)
        if not counts:
            break
        new = max(i for w in words for i in w) + 1
        merges.append(best_pair(counts))
        words = {tuple(merge(list(w), merges[-1], new)): c for w, c in words.items()}
    return merges

# %% wrong 15.train_bpe: one merge too few
def train_bpe(words, number):
    merges = []
    for n in range(1, number):
        counts = count_pairs(words)
        if not counts:
            break
        merges.append(best_pair(counts))
        words = {tuple(merge(list(w), merges[-1], 255 + n)): c for w, c in words.items()}
    return merges

# %% wrong 15.train_bpe: the dict of the caller is changed (words merged in place)
def train_bpe(words, number):
    merges = []
    for n in range(number):
        counts = count_pairs(words)
        if not counts:
            break
        pair = best_pair(counts)
        merges.append(pair)
        for word in list(words):
            words[tuple(merge(list(word), pair, 256 + n))] = words.pop(word)
    return merges

# %% wrong 15.train_bpe: ties are decided by the order of the dict (Counter.most_common)
def train_bpe(words, number):
    merges = []
    for n in range(number):
        counts = Counter(count_pairs(words))
        if not counts:
            break
        pair = counts.most_common(1)[0][0]
        merges.append(pair)
        words = {tuple(merge(list(w), pair, 256 + n)): c for w, c in words.items()}
    return merges

# %% right 15.merge_with_changes: one pass, the left neighbour read from the output
def merge_with_changes(ids, pair, new):
    a, b = pair
    out, changes, i = [], [], 0
    while i < len(ids):
        if i + 1 < len(ids) and ids[i] == a and ids[i + 1] == b:
            if out:
                changes += [((out[-1], a), -1), ((out[-1], new), 1)]
            if i + 2 < len(ids):
                changes += [((b, ids[i + 2]), -1), ((new, ids[i + 2]), 1)]
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out, changes

# %% right 15.merge_with_changes: the difference of two Counters, before and after, without the merged pair
def merge_with_changes(ids, pair, new):
    out = merge(ids, pair, new)
    before, after = Counter(pairwise(ids)), Counter(pairwise(out))
    changes = []
    for each, n in (before - after).items():
        if each != tuple(pair):
            changes += [(each, -1)] * n
    for each, n in (after - before).items():
        changes += [(each, +1)] * n
    return out, changes

# %% right 15.merge_with_changes: a generator of places, changes to the merged pair itself left out
def merge_with_changes(ids, pair, new):
    def count(left, right, sign):
        if (left, right) != tuple(pair):
            changes.append(((left, right), sign))

    result, changes, position = [], [], 0
    while position < len(ids):
        if tuple(ids[position : position + 2]) != tuple(pair):
            result.append(ids[position])
            position += 1
            continue
        for x in result[-1:]:
            count(x, pair[0], -1)
            count(x, new, +1)
        for y in ids[position + 2 : position + 3]:
            count(pair[1], y, -1)
            count(new, y, +1)
        result.append(new)
        position += 2
    return result, changes

# %% wrong 15.merge_with_changes: the left neighbour is the one before the merge, not the fresh z
def merge_with_changes(ids, pair, new):
    a, b = pair
    out, changes, i = [], [], 0
    while i < len(ids):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == (a, b):
            if i > 0:
                changes += [((ids[i - 1], a), -1), ((ids[i - 1], new), 1)]
            if i + 2 < len(ids):
                changes += [((b, ids[i + 2]), -1), ((new, ids[i + 2]), 1)]
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out, changes

# %% wrong 15.merge_with_changes: the signs are exchanged
def merge_with_changes(ids, pair, new):
    a, b = pair
    out, changes, i = [], [], 0
    while i < len(ids):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == (a, b):
            if out:
                changes += [((out[-1], a), 1), ((out[-1], new), -1)]
            if i + 2 < len(ids):
                changes += [((b, ids[i + 2]), 1), ((new, ids[i + 2]), -1)]
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out, changes

# %% wrong 15.merge_with_changes: no test for the beginning, ids[-1] wraps round to the last symbol
def merge_with_changes(ids, pair, new):
    a, b = pair
    out, changes, i = [], [], 0
    while i < len(ids):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == (a, b):
            x = out[-1] if out else ids[-1]
            changes += [((x, a), -1), ((x, new), 1)]
            if i + 2 < len(ids):
                changes += [((b, ids[i + 2]), -1), ((new, ids[i + 2]), 1)]
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out, changes

# %% wrong 15.merge_with_changes: the old pairs on the right are never taken away
def merge_with_changes(ids, pair, new):
    a, b = pair
    out, changes, i = [], [], 0
    while i < len(ids):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == (a, b):
            if out:
                changes.append(((out[-1], a), -1))
                changes.append(((out[-1], new), 1))
            if i + 2 < len(ids):
                changes.append(((new, ids[i + 2]), 1))
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out, changes

# %% wrong 15.merge_with_changes: changes are kept in a dict, so one that happens twice is told once
def merge_with_changes(ids, pair, new):
    a, b = pair
    out, changes, i = [], {}, 0
    while i < len(ids):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == (a, b):
            if out:
                changes[out[-1], a] = -1
                changes[out[-1], new] = 1
            if i + 2 < len(ids):
                changes[b, ids[i + 2]] = -1
                changes[new, ids[i + 2]] = 1
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out, list(changes.items())

# %% wrong 15.merge_with_changes: the right neighbour is missed where it is the last symbol
def merge_with_changes(ids, pair, new):
    a, b = pair
    out, changes, i = [], [], 0
    while i < len(ids):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == (a, b):
            if len(out) > 0:
                changes.append(((out[-1], a), -1))
                changes.append(((out[-1], new), +1))
            if i + 3 < len(ids):
                changes.append(((b, ids[i + 2]), -1))
                changes.append(((new, ids[i + 2]), +1))
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out, changes

# %% wrong 15.merge_with_changes: sets of pairs before and after, so pairs that occur more than once get no count
def merge_with_changes(ids, pair, new):
    out = merge(ids, pair, new)
    before, after = set(pairwise(ids)), set(pairwise(out))
    changes = [(p, -1) for p in before - after if p != tuple(pair)] + [(p, +1) for p in after - before]
    return out, changes

# %% wrong 15.merge_with_changes: the old pair on the left is written (x, b) instead of (x, a)
def merge_with_changes(ids, pair, new):
    a, b = pair
    out, changes, i = [], [], 0
    while i < len(ids):
        if ids[i : i + 2] == [a, b]:
            if out:
                changes += [((out[-1], b), -1), ((out[-1], new), 1)]
            if i + 2 < len(ids):
                changes += [((b, ids[i + 2]), -1), ((new, ids[i + 2]), 1)]
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out, changes

# %% wrong 15.merge_with_changes: only the changes are returned
def merge_with_changes(ids, pair, new):
    a, b = pair
    out, changes, i = [], [], 0
    while i < len(ids):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == (a, b):
            if out:
                changes += [((out[-1], a), -1), ((out[-1], new), 1)]
            if i + 2 < len(ids):
                changes += [((b, ids[i + 2]), -1), ((new, ids[i + 2]), 1)]
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return changes

# %% wrong 15.merge_with_changes: no test for the end, the right neighbour of a last pair raises IndexError
def merge_with_changes(ids, pair, new):
    a, b = pair
    out, changes, i = [], [], 0
    while i < len(ids):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == (a, b):
            if out:
                changes += [((out[-1], a), -1), ((out[-1], new), 1)]
            y = ids[i + 2]
            changes += [((b, y), -1), ((new, y), 1)]
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out, changes

# %% right 15.apply_merges: the pair with the smallest new id, merged everywhere, until none is left
def apply_merges(ids, merges):
    ids = list(ids)
    while True:
        known = [pair for pair in pairwise(ids) if pair in merges]
        if not known:
            return ids
        pair = min(known, key=merges.get)
        ids = merge(ids, pair, merges[pair])

# %% right 15.apply_merges: one occurrence at a time, the leftmost of the earliest pair
def apply_merges(ids, merges):
    out = ids[:]
    while len(out) > 1:
        ranks = [merges.get((out[i], out[i + 1]), float("inf")) for i in range(len(out) - 1)]
        best = min(ranks)
        if best == float("inf"):
            break
        place = ranks.index(best)
        out = out[:place] + [best] + out[place + 2 :]
    return out

# %% right 15.apply_merges: all merges, sorted by the new id, applied once each
def apply_merges(ids, merges):
    result = list(ids)
    for pair, new in sorted(merges.items(), key=lambda item: item[1]):
        result = merge(result, pair, new)
    return result

# %% right 15.apply_merges: recursion on the smallest new id
def apply_merges(ids, merges):
    found = [(merges[p], p) for p in zip(ids, ids[1:]) if p in merges]
    if not found:
        return list(ids)
    new, pair = min(found)
    return apply_merges(merge(ids, pair, new), merges)

# %% wrong 15.apply_merges: the first pair from the left that has a merge goes first
def apply_merges(ids, merges):
    ids, i = list(ids), 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) in merges:
            ids[i : i + 2] = [merges[ids[i], ids[i + 1]]]
            i = 0
        else:
            i += 1
    return ids

# %% wrong 15.apply_merges: the latest merge goes first (max for min)
def apply_merges(ids, merges):
    ids = list(ids)
    while known := [pair for pair in pairwise(ids) if pair in merges]:
        pair = max(known, key=merges.get)
        ids = merge(ids, pair, merges[pair])
    return ids

# %% wrong 15.apply_merges: the smallest pair of ids goes first, not the smallest new id
def apply_merges(ids, merges):
    ids = list(ids)
    while True:
        known = [pair for pair in pairwise(ids) if pair in merges]
        if not known:
            return ids
        pair = min(known)
        ids = merge(ids, pair, merges[pair])

# %% wrong 15.apply_merges: only one round, then it returns
def apply_merges(ids, merges):
    known = [pair for pair in pairwise(ids) if pair in merges]
    if known:
        pair = min(known, key=merges.get)
        return merge(ids, pair, merges[pair])
    return list(ids)

# %% wrong 15.apply_merges: the given list is changed in place
def apply_merges(ids, merges):
    while True:
        known = [pair for pair in zip(ids, ids[1:]) if pair in merges]
        if not known:
            return ids
        pair = min(known, key=merges.get)
        ids[:] = merge(ids, pair, merges[pair])

# %% wrong 15.apply_merges: relies on the order of the dict instead of the ids
def apply_merges(ids, merges):
    out = list(ids)
    for pair in merges:
        out = merge(out, pair, merges[pair])
    return out

# %% wrong 15.apply_merges: a word of two symbols is never merged (while len > 2)
def apply_merges(ids, merges):
    ids = list(ids)
    while len(ids) > 2:
        pair = min(pairwise(ids), key=lambda p: merges.get(p, float("inf")))
        if pair not in merges:
            break
        ids = merge(ids, pair, merges[pair])
    return ids

# %% wrong 15.apply_merges: min of no pairs raises an error for a word of one symbol
def apply_merges(ids, merges):
    ids = list(ids)
    while True:
        pair = min(pairwise(ids), key=lambda p: merges.get(p, 10**9))
        if pair not in merges:
            return ids
        ids = merge(ids, pair, merges[pair])

# %% wrong 15.apply_merges: the commonest pair of the word goes first, as in learning
def apply_merges(ids, merges):
    ids = list(ids)
    while True:
        counts = Counter(pair for pair in pairwise(ids) if pair in merges)
        if not counts:
            return ids
        pair = best_pair(counts)
        ids = merge(ids, pair, merges[pair])

# %% right 15.decode: joined, then decoded with replace
def decode(ids, tokens):
    return b"".join(tokens[i] for i in ids).decode("utf-8", errors="replace")

# %% right 15.decode: a bytearray that grows
def decode(ids, tokens):
    buffer = bytearray()
    for number in ids:
        buffer += tokens[number]
    return str(bytes(buffer), "utf-8", "replace")

# %% right 15.decode: an incremental decoder, finished at the end
def decode(ids, tokens):
    import codecs
    reader = codecs.getincrementaldecoder("utf-8")(errors="replace")
    text = ""
    for i in ids:
        text += reader.decode(tokens[i])
    return text + reader.decode(b"", final=True)

# %% wrong 15.decode: token by token, characters spread over two tokens are broken
def decode(ids, tokens):
    return "".join(tokens[i].decode("utf-8", errors="replace") for i in ids)

# %% wrong 15.decode: what is no UTF-8 is left out silently
def decode(ids, tokens):
    return b"".join(tokens[i] for i in ids).decode("utf-8", errors="ignore")

# %% wrong 15.decode: strict, raises an error on bytes that are no text
def decode(ids, tokens):
    return b"".join([tokens[i] for i in ids]).decode()

# %% wrong 15.decode: read as Latin-1, one character for each byte
def decode(ids, tokens):
    return b"".join(map(tokens.__getitem__, ids)).decode("latin-1")

# %% wrong 15.decode: broken bytes are shown as \x.. instead of U+FFFD
def decode(ids, tokens):
    data = b""
    for i in ids:
        data = data + tokens[i]
    return data.decode("utf-8", "backslashreplace")

# %% wrong 15.decode: ids below 256 are taken for the byte itself, but they stand in another order
def decode(ids, tokens):
    data = b"".join(bytes([i]) if i < 256 else tokens[i] for i in ids)
    return data.decode("utf-8", errors="replace")

# %% wrong 15.decode: an incremental decoder that is never finished loses a broken character at the end
def decode(ids, tokens):
    import codecs
    reader = codecs.getincrementaldecoder("utf-8")("replace")
    return "".join(reader.decode(tokens[i]) for i in ids)

# %% wrong 15.decode: a question mark stands for what is no UTF-8
def decode(ids, tokens):
    return b"".join(tokens[i] for i in ids).decode("utf-8", errors="replace").replace("\ufffd", "?")

# %% wrong 15.decode: white space at both ends is cut off
def decode(ids, tokens):
    return b"".join(tokens[i] for i in ids).decode("utf-8", errors="replace").strip()

# %% wrong 15.decode: sum of bytes starting from 0 raises a TypeError
def decode(ids, tokens):
    return sum(tokens[i] for i in ids).decode("utf-8", errors="replace")

# %% right 15.bits_per_byte: NumPy
def bits_per_byte(log_probs, text):
    return float(-np.sum(np.asarray(log_probs)) / (np.log(2) * len(text.encode("utf-8"))))

# %% right 15.bits_per_byte: math and a loop
def bits_per_byte(log_probs, text):
    nats = 0.0
    for value in log_probs:
        nats -= float(value)
    return nats / math.log(2) / len(text.encode())

# %% right 15.bits_per_byte: the mean over tokens times tokens per byte
def bits_per_byte(log_probs, text):
    n_tokens, n_bytes = len(log_probs), len(bytes(text, "utf-8"))
    return -log_probs.mean() * n_tokens / n_bytes / np.log(2)

# %% wrong 15.bits_per_byte: bits per token, the mean of the log probabilities
def bits_per_byte(log_probs, text):
    return float(-np.mean(log_probs) / np.log(2))

# %% wrong 15.bits_per_byte: divided by characters, not by bytes
def bits_per_byte(log_probs, text):
    return float(-np.sum(log_probs) / (len(text) * np.log(2)))

# %% wrong 15.bits_per_byte: nats, the division by ln 2 is forgotten
def bits_per_byte(log_probs, text):
    return float(-np.sum(log_probs) / len(text.encode()))

# %% wrong 15.bits_per_byte: multiplied by ln 2 instead of divided
def bits_per_byte(log_probs, text):
    total = -sum(float(p) for p in log_probs)
    return total * math.log(2) / len(text.encode())

# %% wrong 15.bits_per_byte: the minus sign is missing
def bits_per_byte(log_probs, text):
    return np.sum(log_probs) / (len(text.encode("utf-8")) * math.log(2))

# %% wrong 15.bits_per_byte: the logarithm is taken once more, of log probabilities
def bits_per_byte(log_probs, text):
    return float(np.sum(-np.log2(-np.asarray(log_probs))) / len(text.encode()))

# %% wrong 15.bits_per_byte: a perplexity per byte, two to the power of the bits
def bits_per_byte(log_probs, text):
    bits = -np.sum(log_probs) / (len(text.encode()) * np.log(2))
    return float(2**bits)

# %% wrong 15.bits_per_byte: characters outside ASCII are dropped before the bytes are counted
def bits_per_byte(log_probs, text):
    size = len(text.encode("ascii", "ignore"))
    return float(-np.asarray(log_probs).sum() / (size * np.log(2)))

# %% wrong 15.bits_per_byte: bytes counted in UTF-16
def bits_per_byte(log_probs, text):
    return float(-np.sum(log_probs) / np.log(2) / len(text.encode("utf-16")))

# %% wrong 15.bits_per_byte: divided by bits of the text (8 a byte) as a share of what a guess costs
def bits_per_byte(log_probs, text):
    return float(-np.sum(log_probs) / np.log(2) / (8 * len(text.encode())))

# %% right 15.encode_with_fallback: a loop with append and extend
def encode_with_fallback(text, vocabulary):
    ids = []
    for character in text:
        if character in vocabulary:
            ids.append(vocabulary[character])
        else:
            ids.extend(character.encode("utf-8"))
    return ids

# %% right 15.encode_with_fallback: one nested comprehension
def encode_with_fallback(text, vocabulary):
    return [i for c in text for i in ([vocabulary[c]] if c in vocabulary else list(c.encode()))]

# %% right 15.encode_with_fallback: bytes by one's own utf8_encode
def encode_with_fallback(text, known):
    out = []
    for c in text:
        out += [known[c]] if c in known else utf8_encode(ord(c))
    return out

# %% wrong 15.encode_with_fallback: an unknown character becomes its code point
def encode_with_fallback(text, vocabulary):
    return [vocabulary.get(c, ord(c)) for c in text]

# %% wrong 15.encode_with_fallback: unknown characters are left out
def encode_with_fallback(text, vocabulary):
    return [vocabulary[c] for c in text if c in vocabulary]

# %% wrong 15.encode_with_fallback: only the first byte of an unknown character
def encode_with_fallback(text, vocabulary):
    return [vocabulary[c] if c in vocabulary else c.encode()[0] for c in text]

# %% wrong 15.encode_with_fallback: one unknown character turns the whole text into bytes
def encode_with_fallback(text, vocabulary):
    if all(c in vocabulary for c in text):
        return [vocabulary[c] for c in text]
    return list(text.encode("utf-8"))

# %% wrong 15.encode_with_fallback: the bytes are appended as a list in the list
def encode_with_fallback(text, vocabulary):
    ids = []
    for c in text:
        if c in vocabulary:
            ids.append(vocabulary[c])
        else:
            ids.append(list(c.encode()))
    return ids

# %% wrong 15.encode_with_fallback: ASCII characters are written as bytes even where the vocabulary knows them
def encode_with_fallback(text, vocabulary):
    ids = []
    for c in text:
        if ord(c) < 128 or c not in vocabulary:
            ids += c.encode("utf-8")
        else:
            ids.append(vocabulary[c])
    return ids

# %% wrong 15.encode_with_fallback: 256 is added to the ids of the vocabulary, which begin at 256 already
def encode_with_fallback(text, vocabulary):
    ids = []
    for c in text:
        ids.extend([256 + vocabulary[c]] if c in vocabulary else c.encode())
    return ids

# %% wrong 15.encode_with_fallback: a character that is new is added to the vocabulary of the caller
def encode_with_fallback(text, vocabulary):
    ids = []
    for c in text:
        if c in vocabulary:
            ids.append(vocabulary[c])
        else:
            ids.extend(c.encode("utf-8"))
            vocabulary[c] = 256 + len(vocabulary)
    return ids
