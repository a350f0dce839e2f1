package system.status_test

import data.system.status

_manifest(revision, roots) := {"manifest": {"revision": revision, "roots": roots}}

test_the_revision_is_that_of_the_bundle_with_the_rules if {
	bundles := {"a": _manifest("other", ["x"]), "b": _manifest("ours", ["ram", "store"])}
	status.revision == "ours" with data.system.bundles as bundles
}

test_the_serial_is_that_of_the_bundle_with_the_rules if {
	manifest := object.union(_manifest("ours", ["ram"]).manifest, {"metadata": {"serial": 7}})
	status.serial == 7 with data.system.bundles as {"b": {"manifest": manifest}}
	status.serial == null with data.system.bundles as {"b": _manifest("ours", ["ram"])}
	status.serial == null with data.system.bundles as {}
}

test_without_a_bundle_there_is_no_revision if {
	not status.revision with data.system.bundles as {}
	not status.revision with data.system.bundles as {"a": _manifest("other", ["x"])}
}
