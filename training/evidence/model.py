"""The evidence model in torch: MiniLM's layers over [question, passage] and three small heads."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

HEADS = 12
EPSILON = 1e-12


class Layer(nn.Module):
    """One BERT layer; parameters are named as in the checkpoint's `encoder.layer.N`."""

    def __init__(self, weights: Mapping[str, Tensor], prefix: str) -> None:
        super().__init__()

        def linear(*names: str) -> nn.Linear:
            weight = torch.cat([weights[f"{prefix}{n}.weight"] for n in names])
            made = nn.Linear(weight.shape[1], weight.shape[0])
            made.weight.data.copy_(weight)
            made.bias.data.copy_(torch.cat([weights[f"{prefix}{n}.bias"] for n in names]))
            return made

        def norm(name: str) -> nn.LayerNorm:
            made = nn.LayerNorm(weights[f"{prefix}{name}.weight"].shape[0], eps=EPSILON)
            made.weight.data.copy_(weights[f"{prefix}{name}.weight"])
            made.bias.data.copy_(weights[f"{prefix}{name}.bias"])
            return made

        self.qkv = linear(*(f"attention.self.{part}" for part in ("query", "key", "value")))
        self.attended = linear("attention.output.dense")
        self.attention_norm = norm("attention.output.LayerNorm")
        self.inner = linear("intermediate.dense")
        self.outer = linear("output.dense")
        self.output_norm = norm("output.LayerNorm")

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """`x` (rows, tokens, hidden); `mask` (rows, 1, 1, tokens), True = attend."""
        rows, length, hidden = x.shape
        q, k, v = self.qkv(x).view(rows, length, 3, HEADS, hidden // HEADS).permute(2, 0, 3, 1, 4)
        context = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = self.attention_norm(x + self.attended(context.transpose(1, 2).reshape(rows, length, hidden)))
        normed: Tensor = self.output_norm(x + self.outer(functional.gelu(self.inner(x))))
        return normed


class EvidenceModel(nn.Module):
    """Scores units of a window beside a question.

    unit = mean of its token states . w + the largest token logit; passage = the first token's state . p. The embeddings and
    the first `frozen` layers stay as they are.
    """

    words: Tensor
    positions: Tensor
    types: Tensor
    norm_weight: Tensor
    norm_bias: Tensor

    def __init__(self, weights: Mapping[str, Tensor], layers: int, frozen: int, priors: int) -> None:
        super().__init__()
        e = "embeddings"
        self.register_buffer("words", weights[f"{e}.word_embeddings.weight"], persistent=False)
        self.register_buffer("positions", weights[f"{e}.position_embeddings.weight"], persistent=False)
        self.register_buffer("types", weights[f"{e}.token_type_embeddings.weight"], persistent=False)
        self.register_buffer("norm_weight", weights[f"{e}.LayerNorm.weight"], persistent=False)
        self.register_buffer("norm_bias", weights[f"{e}.LayerNorm.bias"], persistent=False)
        self.layers = nn.ModuleList(Layer(weights, f"encoder.layer.{i}.") for i in range(layers))
        self.frozen = frozen
        for layer in self.layers[:frozen]:
            layer.requires_grad_(False)
        hidden = self.words.shape[1]
        self.unit = nn.Linear(hidden, 1)
        self.token = nn.Linear(hidden, 1)
        self.passage = nn.Linear(hidden, 1)
        for head in (self.unit, self.token, self.passage):
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)
        self.prior = nn.Parameter(torch.tensor([8.0, 6.0, 2.0][:priors]))

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Token states (rows, tokens, hidden), token logits (rows, tokens) and passage logits (rows,)."""
        with torch.no_grad():
            x = self.words[ids] + self.positions[: ids.shape[1]] + self.types[types]
            x = functional.layer_norm(x, x.shape[-1:], self.norm_weight, self.norm_bias, EPSILON)
            for layer in self.layers[: self.frozen]:
                x = layer(x, mask)
        for layer in self.layers[self.frozen :]:
            x = layer(x, mask)
        return x, self.token(x).squeeze(-1), self.passage(x[:, 0]).squeeze(-1)

    def units(self, states: Tensor, logits: Tensor, owners: Tensor, count: int) -> Tensor:
        """Scores (count,) of units from flat token states, token logits and owners."""
        inside = owners >= 0
        owner, rows = owners[inside], states[inside]
        sums = torch.zeros(count, rows.shape[1]).index_add_(0, owner, rows)
        sizes = torch.zeros(count).index_add_(0, owner, torch.ones(len(owner)))
        largest = torch.full((count,), -30.0).scatter_reduce(0, owner, logits[inside], "amax")
        scores: Tensor = self.unit(sums / sizes.clamp(min=1)[:, None]).squeeze(-1) + largest
        return scores
