// Package hello is a function in plain net/http: the build adds the server around it.
package hello

import (
	"fmt"
	"net/http"
)

// HelloWorld answers every request with a greeting.
func HelloWorld(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "Hello, World!")
}
