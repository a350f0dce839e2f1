# METADATA
# title: What this OPA decides by
package system.status

# METADATA
# title: Revision
# description: >-
#   The revision of the bundle that holds these rules, as its manifest has it. No other
#   bundle can have the root `ram`.
# scope: document
revision := bundle.manifest.revision if {
	some bundle in data.system.bundles
	"ram" in bundle.manifest.roots
}
