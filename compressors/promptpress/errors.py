"""Errors a caller can cause. Each names the field and the remedy; a service maps `status` to its own protocol."""


class CompressionError(ValueError):
    """Base of everything a request can do wrong."""

    status = 422
    code = "invalid_value"

    def __init__(self, message: str, field: str | None = None, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.details = details


class InvalidValue(CompressionError):
    """A field holds a value that is not allowed."""


class UnknownMethod(CompressionError):
    """No method is registered under this name."""

    code = "unknown_method"


class TargetRequired(CompressionError):
    """The method has no stop of its own and neither target was given."""

    code = "target_required"


class InvalidPattern(CompressionError):
    """A protect pattern is not a regular expression that runs in linear time."""

    code = "invalid_pattern"


class BudgetInfeasible(CompressionError):
    """Protected text alone exceeds the target; `details["smallest_target_tokens"]` would be enough."""

    code = "budget_infeasible"


class ModelUnavailable(RuntimeError):
    """A model cannot be loaded, or a package that it needs is not installed.

    `setting` is the name of the setting that asked for the model, if one did; `message` gives the reason and the remedy.
    """

    def __init__(self, message: str, setting: str | None = None) -> None:
        super().__init__(f"{setting}: {message}" if setting else message)
        self.message = message
        self.setting = setting
