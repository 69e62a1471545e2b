"""The errors of the library. One base for all; those that a caller can set right name the field and the remedy."""


class PromptPressError(Exception):
    """Base of all errors that the library raises on purpose."""


class CompressionError(PromptPressError, ValueError):
    """Base of everything a request can do wrong.

    `code` is a word for programs, `message` a sentence for people, `field` the place in the request, as in
    `documents[0].text`, and `details` further facts by name.
    """

    code = "invalid_value"

    def __init__(self, message: str, field: str | None = None, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.details = details


class InvalidRequest(CompressionError):
    """A request that is malformed: an unknown field, a value of the wrong type or out of range, no input or two of them."""


class InvalidValue(CompressionError):
    """A field holds a value that is not allowed."""


class UnknownMethod(CompressionError):
    """No method is registered under this name."""

    code = "unknown_method"


class BrokenMethod(UnknownMethod):
    """A distribution offers the method, but its class cannot be used; the message names the distribution and the reason."""


class TargetRequired(CompressionError):
    """The method has no stop of its own and neither target was given."""

    code = "target_required"


class InvalidPattern(CompressionError):
    """A protect pattern is not a regular expression that runs in linear time."""

    code = "invalid_pattern"


class BudgetInfeasible(CompressionError):
    """Protected text alone exceeds the target; `details["smallest_target_tokens"]` would be enough."""

    code = "budget_infeasible"


class ModelUnavailable(PromptPressError, RuntimeError):
    """A model cannot be loaded, or a package that it needs is not installed.

    `setting` is the name of the setting that asked for the model, if one did; `message` gives the reason and the remedy.
    """

    def __init__(self, message: str, setting: str | None = None) -> None:
        super().__init__(f"{setting}: {message}" if setting else message)
        self.message = message
        self.setting = setting
