"""The record and the guards' book."""
