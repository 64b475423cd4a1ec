"""A contract per asset, in the Open Data Contract Standard v3: what a shop may count on, and what refuses a row.

The first import writes `contracts/NAME.yaml` with defaults drawn from the data; people edit it, and later imports are
checked against it. Knows the standard and how its rules become SQL predicates; does not run them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import yaml
from open_data_contract_standard.model import (
    CustomProperty,
    DataQuality,
    Description,
    EnumValue,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
)
from pydantic import ValidationError

from graphsvc.errors import ContractError
from graphsvc.shop import write_durably
from graphsvc.warehouse.fields import ASSETS, EVENT_KINDS
from graphsvc.warehouse.standardise import day_comes_first, decimal_mark, parse_number

LOGICAL = {
    "number": "number", "money": "number", "integer": "integer", "time": "timestamp", "flag": "boolean",
}  # fmt: skip
# What is impossible whatever the shop: (asset, field) → logicalTypeOptions. Generated into the contract, where it can
# be changed: a shop that sells antiquarian books may well mean the year 1900.
LIMITS: dict[tuple[str, str], dict[str, object]] = {
    ("products", "key"): {"maxLength": 500},
    ("products", "title"): {"maxLength": 2000},
    ("products", "price"): {"minimum": 0, "maximum": 100_000_000},
    ("products", "stock"): {"minimum": 0},
    ("orders", "product"): {"maxLength": 500},
    ("orders", "basket"): {"maxLength": 500},
    ("orders", "price"): {"minimum": 0, "maximum": 100_000_000},
    ("orders", "time"): {"minimum": "1980-01-01"},
    ("events", "product"): {"maxLength": 500},
    ("events", "time"): {"minimum": "1980-01-01"},
    ("reviews", "text"): {"maxLength": 100_000},
    ("reviews", "time"): {"minimum": "1980-01-01"},
}
LONGEST = 180  # bytes of a source's name in a file's, which may have 255
SCALES = (5, 10, 100)  # of ratings
FEW = 5  # ratings: fewer show no scale
ON_SCALE = 0.8  # share of the first ratings that a scale must hold
AHEAD = 1.0  # days that a time may lie after now, for clocks and zones; a contract may say otherwise


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule on one field. `test` names an entry of PREDICATES; `value` is bound into it."""

    name: str
    field: str
    test: str
    value: object
    reason: str
    fix: str


# What breaks a rule, as SQL over the typed row: `f` is the field, `raw` its text before reading, `$value` is bound.
PREDICATES: dict[str, str] = {
    "missing": "f IS NULL AND raw IS NULL",
    "unreadable": "f IS NULL AND raw IS NOT NULL",
    "minimum": "f < CAST($value AS DOUBLE)",
    "maximum": "f > CAST($value AS DOUBLE)",
    "earliest": "f < CAST($value AS TIMESTAMPTZ)",
    "latest": "f > CAST($value AS TIMESTAMPTZ)",
    "max_length": "length(f) > CAST($value AS BIGINT)",
    "min_length": "length(f) < CAST($value AS BIGINT)",
    "pattern": "NOT regexp_full_match(f, CAST($value AS VARCHAR))",
    "enum": "NOT list_contains($value, f)",
}


@dataclass(frozen=True, slots=True)
class Contract:
    """What a source promises, and how its values are written."""

    model: OpenDataContractStandard
    name: str
    asset: str

    @property
    def columns(self) -> list[str]:
        """The raw columns that the contract knows."""
        return [str(prop.physicalName or prop.name) for prop in self._object("raw").properties or []]

    @property
    def identifiers(self) -> dict[str, str]:
        """Raw column → kind, of the columns that become pseudonyms."""
        found = {}
        for prop in self._object("raw").properties or []:
            kind = _custom(prop.customProperties, "identifier")
            if kind:
                found[str(prop.physicalName or prop.name)] = str(kind)
        return found

    @property
    def zone(self) -> str:
        """Time zone of times without an offset."""
        return str(_custom(self.model.customProperties, "timeZone") or "UTC")

    @property
    def currency(self) -> str | None:
        """Currency of amounts without one."""
        found = _custom(self.model.customProperties, "currency")
        return str(found) if found else None

    @property
    def decimal(self) -> str:
        """The decimal mark where a number leaves it open: ".", "," or "either", with which such a mark groups."""
        return str(_custom(self.model.customProperties, "decimalMark") or ".")

    @property
    def day_first(self) -> bool:
        """Whether 03/04/2024 is the third of April."""
        return bool(_custom(self.model.customProperties, "dayFirst"))

    @property
    def reading(self) -> tuple[object, ...]:
        """What decides how a value is read: where it changes, rows that are known already are read anew."""
        return self.zone, self.currency, self.decimal, self.day_first

    @property
    def fingerprint(self) -> str:
        """Changes when anything in the contract does."""
        return blake2b(self.model.to_yaml().encode(), digest_size=8).hexdigest()

    def rules(self) -> list[Rule]:
        """Every rule, of every field, in the contract's order."""
        kinds = {field.name: field.kind for field in ASSETS[self.asset]}
        found = [
            rule
            for prop in self._object(self.asset).properties or []
            if prop.name in kinds
            for rule in _rules(prop, kinds[prop.name])
        ]
        return [*found, self._not_ahead()] if "time" in kinds else found

    def threshold(self, name: str, part: str, default: float) -> float:
        """The bound (`part`) of a named rule that no field's options can say, as the contract sets it."""
        for quality in self._object(self.asset).quality or []:
            bound = _custom(quality.customProperties, part) if quality.name == name else None
            if bound is not None:
                return _number(bound, part, name)
        return default

    def _not_ahead(self) -> Rule:
        days = self.threshold("time_in_future", "days", AHEAD)
        try:
            latest = datetime.now(UTC) + timedelta(days=days)
        except (OverflowError, ValueError) as error:
            raise ContractError(f"The days of time_in_future are {days}.", "Correct them in the contract.") from error
        return Rule(
            "time_in_future", "time", "latest", latest.isoformat(), f"time lies more than {days:g} day(s) after now",
            "Correct it; if it is right, run quarantine retry when it has come, or change days of time_in_future in the"
            " contract.",
        )  # fmt: skip

    def drift(self, columns: Sequence[str]) -> list[str]:
        """What the columns of a file say against the contract, in words."""
        new = sorted(set(columns) - set(self.columns))
        gone = sorted(set(self.columns) - set(columns))
        return [f"new column {name!r}" for name in new] + [f"column {name!r} is missing" for name in gone]

    def save(self, folder: Path) -> None:
        """Write `folder/NAME.yaml`, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        write_durably(path_of(folder, self.name, self.asset), self.model.to_yaml().encode())

    def _object(self, name: str) -> SchemaObject:
        for found in self.model.schema_ or []:
            if found.name == name:
                return found
        raise ContractError(f"The contract {self.name} has no schema {name!r}.", "Delete it to have it made anew.")


def file_name(name: str, asset: str) -> str:
    """Name of the contract's file. One that cannot be spelt as the source is has a digest, so that no two share it."""
    spelt = re.sub(r"[^\w.-]+", "-", name).encode()[:LONGEST].decode("utf-8", "ignore")
    digest = "" if spelt == name else "-" + blake2b(name.encode(), digest_size=4).hexdigest()
    return f"{spelt}{digest}.{asset}.yaml"


def path_of(folder: Path, name: str, asset: str) -> Path:
    """Where the contract of an asset stands."""
    return folder / file_name(name, asset)


def load(folder: Path, name: str, asset: str) -> Contract | None:
    """Read a contract, None when there is none. Raises ContractError when it is not valid."""
    path = path_of(folder, name, asset)
    if not path.exists():
        return None
    try:
        model = OpenDataContractStandard.from_string(path.read_text("utf-8"))
    except (yaml.YAMLError, ValidationError, TypeError, UnicodeDecodeError) as error:
        raise ContractError(
            f"{path.name} is not a valid contract: {str(error)[:300]}.", "Correct it, or delete it for a fresh one."
        ) from error
    contract = Contract(model, name, asset)
    contract.rules()
    return contract


def propose(
    name: str,
    asset: str,
    sample: Mapping[str, Iterable[str | None]],
    fields: Mapping[str, Sequence[str | None]],
    identifiers: Mapping[str, str],
) -> Contract:
    """A contract with sensible defaults, from the first rows: raw columns (`sample`) and mapped `fields`.

    No value of the data enters it, only names, kinds, notations and the scale of ratings.
    """  # fmt: skip
    numbers = [
        value for f in ASSETS[asset] if f.kind in ("number", "money") for value in fields.get(f.name, ()) if value
    ]
    times = [value for f in ASSETS[asset] if f.kind == "time" for value in fields.get(f.name, ()) if value]
    notation: list[tuple[str, object]] = [
        ("timeZone", "UTC"),
        ("decimalMark", decimal_mark(numbers)),
        ("dayFirst", day_comes_first(times)),
    ]
    model = OpenDataContractStandard(
        apiVersion="v3.1.0",
        kind="DataContract",
        id=f"graphsvc:{name}:{asset}",
        name=f"{name} {asset}",
        version="1.0.0",
        status="draft",
        description=Description(purpose="Written by the first import. Edit it; the next import is checked against it."),
        customProperties=[CustomProperty(property=key, value=value) for key, value in notation],
        schema=[
            SchemaObject(name="raw", logicalType="object", properties=[_raw(column, identifiers) for column in sample]),
            SchemaObject(
                name=asset,
                logicalType="object",
                properties=[
                    _property(asset, f.name, f.kind, f.required, fields.get(f.name, ()))
                    for f in ASSETS[asset]
                    if f.name in fields or f.required
                ],
                quality=QUALITY.get(asset),
            ),
        ],
    )
    return Contract(model, name, asset)


def _quality(name: str, part: str, bound: float, description: str, implementation: str) -> DataQuality:
    return DataQuality(
        name=name, type="custom", engine="graphsvc", customProperties=[CustomProperty(property=part, value=bound)],
        description=description, implementation=implementation, mustBeBetween=None, mustNotBeBetween=None,
    )  # fmt: skip


_OUTLIERS = _quality(
    "quantity_outlier", "factor", 100.0,
    "A quantity this many times the item's own median is refused; a new item is compared with all.",
    "sql/orders_outliers.sql",
)  # fmt: skip
_AHEAD = _quality(
    "time_in_future", "days", AHEAD, "A time that lies more days after the import is refused.", "time <= now + days"
)
# The rules that no field's options can say.
QUALITY: dict[str, list[DataQuality]] = {
    "orders": [_OUTLIERS, _AHEAD],
    **{asset: [_AHEAD] for asset in ("events", "reviews", "redemptions")},
}


def _raw(column: str, identifiers: Mapping[str, str]) -> SchemaProperty:
    kind = identifiers.get(column)
    return SchemaProperty(
        name=column,
        physicalName=column,
        logicalType="string",
        classification="direct identifier" if kind else None,
        customProperties=[CustomProperty(property="identifier", value=kind)] if kind else None,
    )


def _property(asset: str, name: str, kind: str, required: bool, values: Sequence[str | None]) -> SchemaProperty:
    kinds = [EnumValue(value=word) for word in EVENT_KINDS] if kind == "event" else None
    return SchemaProperty(
        name=name,
        logicalType=LOGICAL.get(kind, "string"),
        required=required or None,
        logicalTypeOptions=_scale(values) if name == "rating" else LIMITS.get((asset, name)),
        enum=kinds,
    )


def _scale(values: Sequence[str | None]) -> dict[str, object]:
    """The scale that ratings are on: the smallest that nearly all are within, the widest where few are known."""
    read = [number for value in values if value and (number := parse_number(value)) is not None]
    fits = (scale for scale in SCALES if sum(0 <= number <= scale for number in read) >= ON_SCALE * len(read))
    return {"minimum": 0, "maximum": next(fits, SCALES[-1]) if len(read) >= FEW else SCALES[-1]}


def _rules(prop: SchemaProperty, kind: str) -> list[Rule]:
    name, options = str(prop.name), prop.logicalTypeOptions or {}
    found = []
    if prop.required:
        found.append(Rule(f"{name}_missing", name, "missing", None, f"{name} is missing", f"Give {name} a value."))
    if kind in ("number", "money", "integer", "time") or prop.required:
        found.append(
            Rule(f"{name}_unreadable", name, "unreadable", None, f"{name} cannot be read as {kind}",
                 f"Correct {name}, or map another column to it.")
        )  # fmt: skip
    times = kind == "time"
    for option, test, word in (
        ("minimum", "earliest" if times else "minimum", "below"),
        ("maximum", "latest" if times else "maximum", "above"),
        ("maxLength", "max_length", "longer than"),
        ("minLength", "min_length", "shorter than"),
        ("pattern", "pattern", "not of the form"),
    ):
        if option in options:
            found.append(
                Rule(f"{name}_{test}", name, test, str(options[option]), f"{name} is {word} {options[option]}",
                     f"Correct it, or change {option} of {name} in the contract.")
            )  # fmt: skip
    if prop.enum:
        words = [str(value.value) for value in prop.enum]
        found.append(
            Rule(f"{name}_enum", name, "enum", words, f"{name} is none of {', '.join(words)}",
                 f"Correct it, or add the word to {name} in the contract.")
        )  # fmt: skip
    return found


def _number(value: object, part: str, name: str) -> float:
    try:
        return float(str(value))
    except ValueError as error:
        raise ContractError(f"{part} of {name} is {value!r}, no number.", "Correct it in the contract.") from error


def _custom(properties: Sequence[CustomProperty] | None, name: str) -> object:
    return next((prop.value for prop in properties or () if prop.property == name), None)
