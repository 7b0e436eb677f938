// The same as entrypoint.sh, as a static program: all requests at once, then environment, files, app.
// Like the shell it checks nothing: no pair, no chain, no names, no sizes.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

type integration struct {
	Auth  map[string]*string `json:"auth"`
	Extra map[string]*string `json:"extra"`
}

type certificate struct {
	Domains    []string `json:"domains"`
	Bundle     string   `json:"bundle"`
	PrivateKey string   `json:"private_key"`
}

var prefixes = map[string]string{"s3-backups": "S3", "mail": "MAIL", "search": "SEARCH"}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func get(client *http.Client, path string, data any) error {
	request, err := http.NewRequest("GET", "http://localhost/v1"+path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("X-CYCLE-TOKEN", os.Getenv("CYCLE_API_TOKEN"))
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != 200 {
		return fmt.Errorf("%s: %s", path, response.Status)
	}
	return json.Unmarshal(body, &struct {
		Data any `json:"data"`
	}{data})
}

// put writes a file beside its place, makes it durable and renames it, as consul-template does.
func put(path string, content []byte, mode os.FileMode) {
	staged, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	fail(err)
	_, err = staged.Write(content)
	fail(err)
	fail(staged.Sync())
	fail(staged.Chmod(mode))
	fail(staged.Close())
	fail(os.Rename(staged.Name(), path))
}

func decoded(text string) []byte {
	found, err := base64.StdEncoding.DecodeString(text)
	fail(err)
	return found
}

func main() {
	socket := os.Getenv("API_SOCKET")
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DialContext: dial}}

	var variables map[string]string
	var certificates []certificate
	integrations := map[string]*integration{}
	questions := map[string]any{
		"/environment/scoped-variables": &variables,
		"/containers/certificates":      &certificates,
	}
	for identifier := range prefixes {
		integrations[identifier] = &integration{}
		questions["/hub/integrations?identifier="+identifier] = integrations[identifier]
	}
	var group sync.WaitGroup
	errors := make(chan error, len(questions))
	for path, data := range questions {
		group.Add(1)
		go func(path string, data any) {
			defer group.Done()
			if err := get(client, path, data); err != nil {
				errors <- err
			}
		}(path, data)
	}
	group.Wait()
	select {
	case err := <-errors:
		fail(err)
	default:
	}

	for identifier, prefix := range prefixes {
		for _, part := range []map[string]*string{
			integrations[identifier].Auth, integrations[identifier].Extra,
		} {
			for name, value := range part {
				if value != nil {
					variables[prefix+"_"+strings.ToUpper(name)] = *value
				}
			}
		}
	}

	targets := os.Getenv("TARGETS")
	syscall.Umask(0o077)
	for _, each := range certificates {
		for _, domain := range each.Domains {
			folder := filepath.Join(targets, "certificates", domain)
			fail(os.MkdirAll(folder, 0o700))
			put(filepath.Join(folder, "fullchain.pem"), decoded(each.Bundle), 0o600)
			put(filepath.Join(folder, "privkey.pem"), decoded(each.PrivateKey), 0o600)
		}
	}
	var pairs []string
	for name, value := range variables {
		pairs = append(pairs, "${"+name+"}", value)
	}
	replacer := strings.NewReplacer(pairs...)
	fail(os.MkdirAll(targets, 0o700))
	templates, err := filepath.Glob(filepath.Join(os.Getenv("TEMPLATES"), "*.tmpl"))
	fail(err)
	for _, template := range templates {
		text, err := os.ReadFile(template)
		fail(err)
		target := filepath.Join(targets, strings.TrimSuffix(filepath.Base(template), ".tmpl"))
		put(target, []byte(replacer.Replace(string(text))), 0o644)
	}

	fail(os.Unsetenv("CYCLE_API_TOKEN"))
	for name, value := range variables {
		fail(os.Setenv(name, value))
	}
	executable, err := exec.LookPath(os.Args[1])
	fail(err)
	fail(syscall.Exec(executable, os.Args[1:], os.Environ()))
}
