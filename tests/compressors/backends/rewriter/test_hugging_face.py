"""A local model, tiny and untrained: it writes nonsense, which must never get through."""

from pathlib import Path

import pytest

from promptpress import CompressionRequest, RewriterSettings, build_compressor
from promptpress.backends.rewriter.loading import load_rewriter
from promptpress.errors import ModelUnavailable
from tests.compressors.backends.rewriter.test_endpoint import TEXT

pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


def save(folder: Path, kind: str, template: bool = True) -> str:
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["<pad>", "</s>", "<unk>", *dict.fromkeys(TEXT.split())]
    inner = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    if kind == "causal":
        if template:
            tokenizer.chat_template = "{% for m in messages %}{{ m.content }} {% endfor %}"
        config = transformers.GPT2Config(
            vocab_size=len(words), n_embd=16, n_layer=1, n_head=2, n_positions=2048, eos_token_id=1, bos_token_id=1
        )
        model = transformers.GPT2LMHeadModel(config)
    else:
        config = transformers.T5Config(
            vocab_size=len(words),
            d_model=16,
            d_ff=16,
            d_kv=8,
            num_layers=1,
            num_heads=2,
            decoder_start_token_id=0,
            eos_token_id=1,
            pad_token_id=0,
        )
        model = transformers.T5ForConditionalGeneration(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("kind", ["seq2seq", "causal"])
def test_nonsense_is_refused_and_sentences_are_kept(tmp_path: Path, kind: str) -> None:
    compressor = build_compressor(rewriter=RewriterSettings(model=save(tmp_path, kind)))
    result = compressor.compress(CompressionRequest(text=TEXT, method="scope", target_ratio=0.7, include=["spans"]))
    details = result.method_details
    assert details["rewritten"] is False
    assert details["complete"] is True
    assert details["spend"]["calls"] > 0
    assert details["spend"]["prompt_tokens"] > 0
    assert any(chunk.get("attempts") for chunk in details["chunks"])
    assert "".join(TEXT[start:end] for start, end in result.spans or []) == result.text
    assert str(tmp_path) in result.models[1]


def test_a_model_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="rewriter_model"):
        load_rewriter(RewriterSettings(model=str(tmp_path)))
    with pytest.raises(ModelUnavailable, match="chat template"):
        load_rewriter(RewriterSettings(model=save(tmp_path, "causal", template=False)))
