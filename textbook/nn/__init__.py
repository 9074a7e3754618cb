"""Layers: functions with parameters.  Weights are (in, out): z = x @ w + b.  NB: PyTorch stores the transpose."""

from textbook import init
from textbook.nn.images import AvgPool2d, Conv2d, Flatten, MaxPool2d, Reshape
from textbook.nn.layers import MLP, Dropout, Linear, Residual, Sequential
from textbook.nn.module import Module
from textbook.nn.normalization import BatchNorm, LayerNorm
from textbook.nn.sequences import RNN, Attention, Embedding, Transformer, TransformerBlock
