"""The Triton kernels of `attention.window_scores`: two passes over the keys, no matrix of logits.

Pass 1 streams the keys past the rows and keeps a running maximum and sum: the log-sum-exp of each row, one partial value for
each split of the keys. Pass 2 computes the logits again, normalises them and reduces over the rows. The rows of all query
heads that share a key head form one tile, so that keys are read once for each key head. Logarithms are base 2 inside.
"""
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls

import triton
import triton.language as tl


@triton.jit
def _load_rows(
    pointer, batch, kv_head, group_row, row, valid, stride_b, stride_h, stride_r,
    group: tl.constexpr, head_size: tl.constexpr, block_d: tl.constexpr, upcast: tl.constexpr,
):  # fmt: skip
    """A tile of queries, (rows, block_d); rows that are not valid are zero."""
    d = tl.arange(0, block_d)
    head = (kv_head * group + group_row).to(tl.int64)
    base = pointer + batch.to(tl.int64) * stride_b
    offsets = head[:, None] * stride_h + row.to(tl.int64)[:, None] * stride_r + d[None, :]
    tile = tl.load(base + offsets, mask=valid[:, None] & (d[None, :] < head_size), other=0.0)
    return tile.to(tl.float32) if upcast else tile


@triton.jit
def _load_block(
    pointer, start, length, stride, bounded: tl.constexpr,
    head_size: tl.constexpr, block: tl.constexpr, block_d: tl.constexpr, upcast: tl.constexpr,
):  # fmt: skip
    """Consecutive keys or queries of one head, (block, block_d). `bounded` zeroes those past the end."""
    token, d = tl.arange(0, block), tl.arange(0, block_d)
    # One 64-bit base and 32-bit offsets that stay the same: fewer registers than a 64-bit offset an element.
    base = pointer + tl.cast(start, tl.int64) * stride
    offsets = token[:, None] * stride + d[None, :]
    if bounded and head_size == block_d:
        tile = tl.load(base + offsets, mask=(token < length - start)[:, None], other=0.0)
    elif bounded:
        tile = tl.load(base + offsets, mask=(token < length - start)[:, None] & (d < head_size)[None, :], other=0.0)
    elif head_size == block_d:
        tile = tl.load(base + offsets)
    else:
        tile = tl.load(base + offsets, mask=(d < head_size)[None, :], other=0.0)
    return tile.to(tl.float32) if upcast else tile


@triton.jit
def _key_ranges(ranges, row, valid, low, high, first, causal: tl.constexpr, has_ranges: tl.constexpr):
    """The half-open range of keys that each row sees."""
    begin = tl.zeros_like(row) + low
    end = tl.zeros_like(row) + high
    if causal:
        end = tl.minimum(end, first + row + 1)
    if has_ranges:
        begin = tl.maximum(begin, tl.load(ranges + 2 * row, mask=valid, other=0))
        end = tl.minimum(end, tl.load(ranges + 2 * row + 1, mask=valid, other=0))
    return begin, tl.where(valid, end, 0)


@triton.jit
def _combine(partials, offsets, valid, splits, stride):
    """Log-sum-exp over the splits of the keys; plus infinity for a row that sees nothing, so that its shares are zero."""
    top = tl.full(offsets.shape, float("-inf"), tl.float32)
    total = tl.zeros(offsets.shape, tl.float32)
    pointer = partials + offsets
    for _ in range(splits):
        part = tl.load(pointer, mask=valid, other=float("-inf"))
        pointer += stride
        new = tl.maximum(top, part)
        safe = tl.where(new == float("-inf"), 0.0, new)
        total = total * tl.exp2(top - safe) + tl.exp2(part - safe)
        top = new
    return tl.where(total > 0, top + tl.log2(tl.where(total > 0, total, 1.0)), float("inf"))


@triton.jit
def _log_sum_steps(
    q, keys, begin, end, low, high, top, total, length, stride_n, scale,
    masked: tl.constexpr, head_size: tl.constexpr, block_n: tl.constexpr, block_d: tl.constexpr,
    upcast: tl.constexpr, precision: tl.constexpr, stages: tl.constexpr,
):  # fmt: skip
    for start in tl.range(begin, end, block_n, num_stages=stages):
        n = start + tl.arange(0, block_n)
        k = _load_block(keys, start, length, stride_n, masked, head_size, block_n, block_d, upcast)
        x = tl.dot(q, tl.trans(k), input_precision=precision)
        if masked:
            x = tl.where((n[None, :] >= low[:, None]) & (n[None, :] < high[:, None]), x, float("-inf"))
        new = tl.maximum(top, tl.max(x, 1) * scale)
        safe = tl.where(new == float("-inf"), 0.0, new) if masked else new
        total = total * tl.exp2(top - safe) + tl.sum(tl.exp2(x * scale - safe[:, None]), 1)
        top = new
    return top, total


@triton.jit
def log_sums_kernel(
    queries, keys, ranges, partials,
    q_stride_b, q_stride_h, q_stride_r, k_stride_b, k_stride_h, k_stride_n,
    rows, rows_pad, length, low, high, first, splits, split_keys, scale,
    group: tl.constexpr, head_size: tl.constexpr, causal: tl.constexpr, has_ranges: tl.constexpr,
    block_m: tl.constexpr, block_n: tl.constexpr, block_d: tl.constexpr,
    upcast: tl.constexpr, precision: tl.constexpr, stages: tl.constexpr,
):  # fmt: skip
    """Pass 1. One program: a tile of rows against one split of the keys."""
    kv_head, batch = tl.program_id(1), tl.program_id(2)
    split = tl.program_id(0) % splits
    index = (tl.program_id(0) // splits) * block_m + tl.arange(0, block_m)
    group_row, row = index // rows_pad, index % rows_pad
    valid = (group_row < group) & (row < rows)
    q = _load_rows(
        queries, batch, kv_head, group_row, row, valid, q_stride_b, q_stride_h, q_stride_r, group, head_size, block_d, upcast
    )
    row_low, row_high = _key_ranges(ranges, row, valid, low, high, first, causal, has_ranges)
    k_base = keys + batch.to(tl.int64) * k_stride_b + kv_head.to(tl.int64) * k_stride_h
    begin = split * split_keys
    end = tl.minimum(tl.minimum(begin + split_keys, length), tl.max(row_high, 0))
    # Up to `inner` every row sees every key: no mask is needed there.
    inner = begin
    if not has_ranges:
        seen_by_all = tl.minimum(end, tl.min(tl.where(valid, row_high, length), 0))
        inner = tl.where((low <= begin) & (seen_by_all > begin), begin + (seen_by_all - begin) // block_n * block_n, begin)
    top = tl.full([block_m], float("-inf"), tl.float32)
    total = tl.zeros([block_m], tl.float32)
    if not has_ranges:
        top, total = _log_sum_steps(
            q, k_base, begin, inner, row_low, row_high, top, total, length, k_stride_n, scale,
            False, head_size, block_n, block_d, upcast, precision, stages,
        )  # fmt: skip
    top, total = _log_sum_steps(
        q, k_base, inner, end, row_low, row_high, top, total, length, k_stride_n, scale,
        True, head_size, block_n, block_d, upcast, precision, stages,
    )  # fmt: skip
    log_sum = tl.where(total > 0, top + tl.log2(tl.where(total > 0, total, 1.0)), float("-inf"))
    heads = tl.num_programs(1) * group
    target = ((split.to(tl.int64) * tl.num_programs(2) + batch) * heads + kv_head * group + group_row) * rows + row
    tl.store(partials + target, log_sum, mask=valid)


@triton.jit
def _reduce_tile(shares, group_pad: tl.constexpr, rows_pad: tl.constexpr, row_max: tl.constexpr, heads: tl.constexpr):
    """(keys, group_pad * rows_pad) shares to one score a key, or (keys, group_pad) with heads == 3."""
    if heads == 0 and not row_max:
        reduced = tl.sum(shares, 1)
    else:
        split = tl.reshape(shares, [shares.shape[0], group_pad, rows_pad])
        reduced = tl.max(split, 2) if row_max else tl.sum(split, 2)
        if heads == 0:
            reduced = tl.sum(reduced, 1)
        elif heads == 1:
            reduced = tl.max(reduced, 1)
    return reduced


@triton.jit
def _window_steps(
    q, keys, out, log_sum, weight, begin, end, low, high, length, stride_n, scale, factor,
    masked: tl.constexpr, has_weights: tl.constexpr, row_max: tl.constexpr, heads: tl.constexpr,
    group: tl.constexpr, group_pad: tl.constexpr, rows_pad: tl.constexpr, head_size: tl.constexpr,
    block_n: tl.constexpr, block_d: tl.constexpr, upcast: tl.constexpr, precision: tl.constexpr, stages: tl.constexpr,
):  # fmt: skip
    for start in tl.range(begin, end, block_n, num_stages=stages):
        n = start + tl.arange(0, block_n)
        k = _load_block(keys, start, length, stride_n, masked, head_size, block_n, block_d, upcast)
        x = tl.dot(k, tl.trans(q), input_precision=precision)
        shares = tl.exp2(x * scale - log_sum[None, :])
        if masked:
            shares = tl.where((n[:, None] >= low[None, :]) & (n[:, None] < high[None, :]), shares, 0.0)
        if has_weights:
            shares *= weight[None, :]
        scores = _reduce_tile(shares, group_pad, rows_pad, row_max, heads) * factor
        if heads == 3:
            head = tl.arange(0, group_pad)
            target = head.to(tl.int64)[None, :] * length + n[:, None]
            tl.store(out + target, scores, mask=(n < end)[:, None] & (head < group)[None, :])
        else:
            tl.store(out + n, scores, mask=n < end)


@triton.jit
def window_kernel(
    queries, keys, ranges, weights, partials, out,
    q_stride_b, q_stride_h, q_stride_r, k_stride_b, k_stride_h, k_stride_n,
    rows, length, low, high, first, splits, chunk_keys, scale, factor,
    group: tl.constexpr, group_pad: tl.constexpr, rows_pad: tl.constexpr, head_size: tl.constexpr,
    causal: tl.constexpr, has_ranges: tl.constexpr, has_weights: tl.constexpr, row_max: tl.constexpr, heads: tl.constexpr,
    block_n: tl.constexpr, block_d: tl.constexpr, upcast: tl.constexpr, precision: tl.constexpr, stages: tl.constexpr,
):  # fmt: skip
    """Pass 2 for few rows. One program: all rows of a key head stay, a chunk of the keys streams past."""
    kv_head, batch = tl.program_id(1), tl.program_id(2)
    index = tl.arange(0, group_pad * rows_pad)
    group_row, row = index // rows_pad, index % rows_pad
    valid = (group_row < group) & (row < rows)
    q = _load_rows(
        queries, batch, kv_head, group_row, row, valid, q_stride_b, q_stride_h, q_stride_r, group, head_size, block_d, upcast
    )
    row_low, row_high = _key_ranges(ranges, row, valid, low, high, first, causal, has_ranges)
    heads_all = tl.num_programs(1) * group
    source = (batch.to(tl.int64) * heads_all + kv_head * group + group_row) * rows + row
    log_sum = _combine(partials, source, valid, splits, tl.num_programs(2) * heads_all * rows)
    weight = tl.load(weights + row, mask=valid, other=0.0) if has_weights else log_sum
    k_base = keys + batch.to(tl.int64) * k_stride_b + kv_head.to(tl.int64) * k_stride_h
    outputs = group if heads == 3 else 1
    out_base = out + (batch.to(tl.int64) * tl.num_programs(1) + kv_head) * outputs * length
    begin = tl.program_id(0) * chunk_keys
    end = tl.minimum(begin + chunk_keys, length)
    inner = begin
    if not has_ranges:
        seen_by_all = tl.minimum(end, tl.min(tl.where(valid, row_high, length), 0))
        inner = tl.where((low <= begin) & (seen_by_all > begin), begin + (seen_by_all - begin) // block_n * block_n, begin)
        _window_steps(
            q, k_base, out_base, log_sum, weight, begin, inner, row_low, row_high, length, k_stride_n, scale, factor,
            False, has_weights, row_max, heads, group, group_pad, rows_pad, head_size,
            block_n, block_d, upcast, precision, stages,
        )  # fmt: skip
    _window_steps(
        q, k_base, out_base, log_sum, weight, inner, end, row_low, row_high, length, k_stride_n, scale, factor,
        True, has_weights, row_max, heads, group, group_pad, rows_pad, head_size,
        block_n, block_d, upcast, precision, stages,
    )  # fmt: skip


@triton.jit
def _full_steps(
    k, queries, log_sums, weights, ranges, total, n, begin, end, rows, low, high, first, stride_r, scale,
    masked: tl.constexpr, causal: tl.constexpr, has_ranges: tl.constexpr, has_weights: tl.constexpr, row_max: tl.constexpr,
    head_size: tl.constexpr, block_m: tl.constexpr, block_d: tl.constexpr,
    upcast: tl.constexpr, precision: tl.constexpr, stages: tl.constexpr,
):  # fmt: skip
    for start in tl.range(begin, end, block_m, num_stages=stages):
        row = start + tl.arange(0, block_m)
        q = _load_block(queries, start, rows, stride_r, True, head_size, block_m, block_d, upcast)
        # Rows past the end, and rows that see nothing, have an infinite log-sum: their shares are zero.
        log_sum = tl.load(log_sums + row, mask=row < rows, other=float("inf"))
        x = tl.dot(k, tl.trans(q), input_precision=precision)
        shares = tl.exp2(x * scale - log_sum[None, :])
        if masked:
            row_low, row_high = _key_ranges(ranges, row, row < rows, low, high, first, causal, has_ranges)
            shares = tl.where((n[:, None] >= row_low[None, :]) & (n[:, None] < row_high[None, :]), shares, 0.0)
        if has_weights:
            shares *= tl.load(weights + row, mask=row < rows, other=0.0)[None, :]
        total = tl.maximum(total, tl.max(shares, 1)) if row_max else total + tl.sum(shares, 1)
    return total


@triton.jit
def full_kernel(
    queries, keys, ranges, weights, log_sums, out,
    q_stride_b, q_stride_h, q_stride_r, k_stride_b, k_stride_h, k_stride_n,
    rows, length, low, high, first, scale, factor,
    group: tl.constexpr, head_size: tl.constexpr,
    causal: tl.constexpr, has_ranges: tl.constexpr, has_weights: tl.constexpr, row_max: tl.constexpr, heads: tl.constexpr,
    block_m: tl.constexpr, block_n: tl.constexpr, block_d: tl.constexpr,
    upcast: tl.constexpr, precision: tl.constexpr, stages: tl.constexpr,
):  # fmt: skip
    """Pass 2 for many rows. One program: a tile of keys stays, the rows of its query heads stream past."""
    kv_head, batch = tl.program_id(1).to(tl.int64), tl.program_id(2).to(tl.int64)
    start = tl.program_id(0) * block_n
    n = start + tl.arange(0, block_n)
    k_base = keys + batch * k_stride_b + kv_head * k_stride_h
    k = _load_block(k_base, start, length, k_stride_n, True, head_size, block_n, block_d, upcast)
    # Rows before `begin` see none of these keys, rows from `inner` on see all of them.
    begin, inner = 0, rows
    if causal:
        begin = tl.maximum(start - first, 0) // block_m * block_m
    if not has_ranges:
        seen_from = tl.maximum(start + block_n - 1 - first, begin) if causal else begin
        seen_from = begin + (seen_from - begin + block_m - 1) // block_m * block_m
        inner = tl.where((low <= start) & (start + block_n <= high), tl.minimum(seen_from, rows), rows)
    result = tl.zeros([block_n], tl.float32)
    for member in range(group):
        head = kv_head * group + member
        q_base = queries + batch * q_stride_b + head * q_stride_h
        log_base = log_sums + (batch * tl.num_programs(1) * group + head) * rows
        total = tl.zeros([block_n], tl.float32)
        total = _full_steps(
            k, q_base, log_base, weights, ranges, total, n, begin, inner, rows, low, high, first, q_stride_r, scale,
            True, causal, has_ranges, has_weights, row_max, head_size, block_m, block_d, upcast, precision, stages,
        )  # fmt: skip
        if not has_ranges:
            total = _full_steps(
                k, q_base, log_base, weights, ranges, total, n, inner, rows, rows, low, high, first, q_stride_r, scale,
                False, causal, has_ranges, has_weights, row_max, head_size, block_m, block_d, upcast, precision, stages,
            )  # fmt: skip
        if heads == 3:
            tl.store(out + (batch * tl.num_programs(1) * group + head) * length + n, total * factor, mask=n < length)
        elif heads == 1:
            result = tl.maximum(result, total)
        else:
            result += total
    if heads != 3:
        tl.store(out + (batch * tl.num_programs(1) + kv_head) * length + n, result * factor, mask=n < length)


@triton.jit
def combine_kernel(partials, log_sums, count, splits, block: tl.constexpr):
    """Partial log-sums of all splits to one for each row, plus infinity for a row that sees nothing."""
    index = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    valid = index < count
    tl.store(log_sums + index, _combine(partials, index, valid, splits, count), mask=valid)
