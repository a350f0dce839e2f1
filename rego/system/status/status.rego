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
revision := _manifest.revision

# METADATA
# title: Serial
# description: >-
#   The number in the manifest of that bundle, which tells an older bundle from a newer one. It is `null` if the
#   bundle has none.
# scope: document
default serial := null

serial := _manifest.metadata.serial

_manifest := bundle.manifest if {
	some bundle in data.system.bundles
	"ram" in bundle.manifest.roots
}
