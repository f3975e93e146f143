"""Hosting: what executions of YAML flows get from whoever runs them: files, secrets, values, encryption, functions."""

from __future__ import annotations

from runwright.hosting.encryption import Cipher
from runwright.hosting.file_access import Place
from runwright.hosting.functions import Reads, host_functions
from runwright.hosting.host import Host
from runwright.hosting.masking import Mask
from runwright.hosting.namespace_files import NamespaceFiles
from runwright.hosting.secrets import Secrets

__all__ = ["Cipher", "Host", "Mask", "NamespaceFiles", "Place", "Reads", "Secrets", "host_functions"]
