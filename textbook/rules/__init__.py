"""Update rules: pure functions that say how far to move.

A rule gets the parameter, the gradient, its own state and the step number, and returns the step to add and the new
state.  Most are elementwise: then any hyperparameter may be an array that broadcasts, and one descent computes a whole
slider of learning rates at once.  A rule that is not says so in its entry.

PyTorch's names and defaults win.  Where a text uses another convention, it is a named option.  What every rule of
PyTorch has, weight decay, is not written a dozen times: it is put in front of the rule.
"""

from textbook.rules.elementwise import adagrad, adam, adamw, gd, lion, momentum, nadam, nesterov, radam, rmsprop
from textbook.rules.matrix import adafactor, muon, orthogonalised
from textbook.rules.table import RULES, Rule, check_hyper, find_rule, hyperparameters, kind, leaves, rule, slots, start
