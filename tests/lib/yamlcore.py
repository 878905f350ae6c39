"""YAML as flowc reads it: the core schema of YAML 1.2, as values that JSON can say.

PyYAML finds the texts; what a plain one means is decided here, since PyYAML's own rules are those
of YAML 1.1, where `no` is false and 1:30 a number.
"""
import re

import yaml

RULES = [
    (re.compile(r"|~|null|Null|NULL"), lambda text: None),
    (re.compile(r"true|True|TRUE"), lambda text: True),
    (re.compile(r"false|False|FALSE"), lambda text: False),
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text[2:], 16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
]


def name(key):
    if not isinstance(key, yaml.ScalarNode):
        raise yaml.YAMLError("a key that is no text")
    return key.value


def value(node, around=()):
    if node in around:
        raise yaml.YAMLError("a node that is a part of itself")
    inside = (*around, node)
    if isinstance(node, yaml.MappingNode):
        return {name(key): value(item, inside) for key, item in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [value(item, inside) for item in node.value]
    if node.style is None:
        for pattern, read in RULES:
            if pattern.fullmatch(node.value):
                return read(node.value)
    return node.value


def load(text):
    """The value of the text. yaml.YAMLError if it is not YAML, or no tree."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    return value(node) if node else None
