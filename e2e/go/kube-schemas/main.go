// Writes JSON schemas in the layout that kubeconform takes: for Kubernetes' own kinds from a swagger.json, for others
// from their CRDs. Objects are closed: a key that the API server would drop is refused.
//
// Usage: kube-schemas FOLDER FILE...
// FILE is a swagger.json, or YAML with CustomResourceDefinitions. The program prints how many kinds it wrote.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

type object = map[string]any

const reference = "#/definitions/"

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("usage: kube-schemas FOLDER FILE..."))
	}
	folder, written := os.Args[1], 0
	fail(os.MkdirAll(folder, 0o755))
	for _, file := range os.Args[2:] {
		text, err := os.ReadFile(file)
		fail(err)
		count := 0
		if strings.HasSuffix(file, ".json") {
			count, err = fromSwagger(folder, text)
		} else {
			count, err = fromDefinitions(folder, text)
		}
		if err == nil && count == 0 {
			err = fmt.Errorf("it has no kind")
		}
		if err != nil {
			fail(fmt.Errorf("%s: %w", file, err))
		}
		written += count
	}
	fmt.Println(written)
}

// One file a kind, with the definitions that it reaches and no others.
func fromSwagger(folder string, text []byte) (int, error) {
	var swagger struct {
		Definitions map[string]object `json:"definitions"`
	}
	if err := json.Unmarshal(text, &swagger); err != nil {
		return 0, err
	}
	for name, definition := range swagger.Definitions {
		closeObjects(definition)
		switch name {
		case "io.k8s.apimachinery.pkg.util.intstr.IntOrString":
			swagger.Definitions[name] = object{"type": []string{"integer", "string"}}
		case "io.k8s.apimachinery.pkg.api.resource.Quantity":
			swagger.Definitions[name] = object{"type": []string{"number", "string"}}
		}
	}
	count := 0
	for name, definition := range swagger.Definitions {
		kinds, _ := definition["x-kubernetes-group-version-kind"].([]any)
		for _, entry := range kinds {
			of := entry.(object)
			group, version, kind := of["group"].(string), of["version"].(string), of["kind"].(string)
			reached := object{}
			reach(swagger.Definitions, name, reached)
			schema := object{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": reference + name, "definitions": reached}
			if err := write(folder, group, version, kind, schema); err != nil {
				return count, err
			}
			count++
		}
	}
	return count, nil
}

func fromDefinitions(folder string, text []byte) (int, error) {
	count := 0
	for _, document := range bytes.Split(text, []byte("\n---")) {
		var crd struct {
			Kind string `json:"kind"`
			Spec struct {
				Group    string
				Names    struct{ Kind string }
				Versions []struct {
					Name   string
					Schema struct {
						OpenAPIV3Schema object `json:"openAPIV3Schema"`
					}
				}
			}
		}
		if err := yaml.Unmarshal(document, &crd); err != nil {
			return count, err
		}
		if crd.Kind != "CustomResourceDefinition" {
			continue
		}
		for _, version := range crd.Spec.Versions {
			schema := version.Schema.OpenAPIV3Schema
			properties, ok := schema["properties"].(object)
			if !ok {
				return count, fmt.Errorf("%s %s has no properties", crd.Spec.Names.Kind, version.Name)
			}
			// Every object has them, whether its definition says so or not.
			properties["apiVersion"], properties["kind"] = object{"type": "string"}, object{"type": "string"}
			properties["metadata"] = object{"type": "object"}
			closeObjects(schema)
			if err := write(folder, crd.Spec.Group, version.Name, crd.Spec.Names.Kind, schema); err != nil {
				return count, err
			}
			count++
		}
	}
	return count, nil
}

// An object whose fields are listed has no others; what is a number or a text says so.
func closeObjects(schema any) {
	switch value := schema.(type) {
	case []any:
		for _, inner := range value {
			closeObjects(inner)
		}
	case object:
		_, listed := value["properties"].(object)
		_, open := value["additionalProperties"]
		if listed && !open && value["x-kubernetes-preserve-unknown-fields"] != true {
			value["additionalProperties"] = false
		}
		if value["x-kubernetes-int-or-string"] == true {
			delete(value, "anyOf")
			value["type"] = []string{"integer", "string"}
		}
		if kind, ok := value["type"].(string); ok && value["nullable"] == true {
			value["type"] = []string{kind, "null"}
		}
		for key, inner := range value {
			if properties, ok := inner.(object); ok && key == "properties" {
				for _, property := range properties {
					closeObjects(property)
				}
			} else {
				closeObjects(inner)
			}
		}
	}
}

func reach(all map[string]object, name string, reached object) {
	if _, seen := reached[name]; seen {
		return
	}
	reached[name] = all[name]
	var follow func(any)
	follow = func(schema any) {
		switch value := schema.(type) {
		case []any:
			for _, inner := range value {
				follow(inner)
			}
		case object:
			for key, inner := range value {
				if text, ok := inner.(string); ok && key == "$ref" {
					reach(all, strings.TrimPrefix(text, reference), reached)
				} else {
					follow(inner)
				}
			}
		}
	}
	follow(all[name])
}

func write(folder, group, version, kind string, schema object) error {
	name := strings.ToLower(kind) + "-"
	if group != "" {
		name += strings.Split(group, ".")[0] + "-"
	}
	text, err := json.Marshal(schema)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, name+strings.ToLower(version)+".json"), text, 0o644)
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "kube-schemas:", err)
		os.Exit(1)
	}
}
