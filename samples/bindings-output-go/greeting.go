// Package greeting is a function on OpenFunction's Go framework: what it receives, it sends to an output.
package greeting

import (
	"encoding/json"
	"log"

	ofctx "github.com/OpenFunction/functions-framework-go/context"
)

type message struct {
	Greeting string `json:"greeting"`
	From     string `json:"from"`
}

// ForwardGreeting sends the greeting in the request to the output "another-target", and answers what its receiver answers.
func ForwardGreeting(ctx ofctx.Context, in []byte) (ofctx.Out, error) {
	received := message{Greeting: "Hello"}
	if len(in) > 0 {
		if err := json.Unmarshal(in, &received); err != nil {
			log.Printf("this is no greeting: %v", err)
			return ctx.ReturnOnInternalError(), err
		}
	}
	received.From = "bindings-output-go"
	data, err := json.Marshal(received)
	if err != nil {
		return ctx.ReturnOnInternalError(), err
	}
	answer, err := ctx.Send("another-target", data)
	if err != nil {
		log.Printf("the greeting %q could not be sent: %v", received.Greeting, err)
		return ctx.ReturnOnInternalError(), err
	}
	log.Printf("sent the greeting %q", received.Greeting)
	return ctx.ReturnOnSuccess().WithData(answer), nil
}
