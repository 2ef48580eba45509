"""What the gate's pages show: plain values made from a loaded gate, so that templates stay flat and quick.

Nothing here judges or queries: verdicts come from `LoadedGate.judge`, rows from `loaded.load`.
"""
