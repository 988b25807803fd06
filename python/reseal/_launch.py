"""What the boot stub left for the SDK: advice, measured values and the open device.

Filled by :mod:`reseal.boot` before any other module of this package is loaded; empty in a process
that no platform started. Advice chooses where to connect and never whom to trust (transport T3);
``values`` come from the measured manifest.
"""

from __future__ import annotations

advice: dict[str, str] = {}
"""Host-controlled hints: ``endpoint``, ``lineage``, ``op_id`` and whatever else the host sent."""

values: dict[str, str] = {}
"""Values fixed in the manifest, hence measured."""

mrenclave: bytes = b""
"""This instance's own MRENCLAVE as the device answered it; 32 bytes."""

device_fd: int = -1
"""The open connection to the emulated device: it is the SECS and dies with this process."""
