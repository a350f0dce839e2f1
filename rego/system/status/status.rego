# METADATA
# title: The loaded revision
# description: OPA answers from this package which revision of ramgate's bundle it has loaded.
package system.status

# METADATA
# title: Revision
# description: >-
#   The revision in the manifest of the bundle that contains these rules. Only one bundle can own the root
#   `ram`. Undefined until OPA has loaded it.
# scope: document
revision := bundle.manifest.revision if {
	some bundle in data.system.bundles
	"ram" in bundle.manifest.roots
}
