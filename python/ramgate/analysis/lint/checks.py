"""All checks, and the class and the title of every code."""

from __future__ import annotations

from typing import Final

from ramgate.analysis.lint import (
    account_proofs,
    addresses,
    arns,
    conditions,
    config,
    denies,
    fault_codes,
    holdings,
    keys,
    names,
    privileges,
    proofs,
    redundancy,
    targets,
    trust,
)

__all__ = ["ACCOUNT_CHECKS", "DOCUMENT_CHECKS", "RULES"]

DOCUMENT_CHECKS: Final = (
    *arns.CHECKS,
    *names.CHECKS,
    *targets.CHECKS,
    *proofs.CHECKS,
    *privileges.CHECKS,
    *denies.CHECKS,
    *conditions.CHECKS,
    *addresses.CHECKS,
    *keys.CHECKS,
    *trust.CHECKS,
    *redundancy.CHECKS,
)
ACCOUNT_CHECKS: Final = (*holdings.CHECKS, *account_proofs.CHECKS)

RULES: Final = {
    **fault_codes.RULES,
    **{check.code: (check.level, check.title) for check in DOCUMENT_CHECKS},
    **{check.code: (check.level, check.title) for check in ACCOUNT_CHECKS},
    **config.RULES,
}
