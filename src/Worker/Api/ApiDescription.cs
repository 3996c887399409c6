using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ExecutionManager.Contracts.Messages;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace ExecutionManager.Worker;

/// <summary>Describes the API as the wire has it: the converters of the project's JSON are opaque to the schema generator.</summary>
internal static class ApiDescription
{
    private static readonly Dictionary<string, string> Parameters = new()
    {
        ["limit"] = "How many items, 1 to 200; 50 unless said.",
        ["cursor"] = "nextCursor of the page before.",
        ["status"] = "Only contracts in one of these states; repeatable, or separated by commas.",
        ["device"] = "Only contracts of this device.",
        ["task"] = "Only contracts for this task.",
        ["at"] = "Project for this instant instead of now.",
    };

    public static void AddApiDescription(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(options =>
        {
            var (mine, wire) = (options.SerializerOptions, WireJson.Options);
            (mine.NumberHandling, mine.DefaultIgnoreCondition, mine.Encoder) = (wire.NumberHandling, wire.DefaultIgnoreCondition, wire.Encoder);
            mine.RespectNullableAnnotations = wire.RespectNullableAnnotations;
            mine.Converters.Add(new WireConverter());
        });
        services.AddOpenApi("v1", options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new()
                {
                    Title = "Execution Manager", Version = "v1",
                    Description = "Pushes execution contracts to devices, follows them, estimates while a device is away, and reconciles when it returns. Instants are RFC 3339 in UTC, durations ISO 8601.",
                };
                document.Servers = [];
                return Task.CompletedTask;
            });
            options.AddSchemaTransformer((schema, context, _) =>
            {
                Describe(schema, context.JsonTypeInfo);
                return Task.CompletedTask;
            });
            options.AddOperationTransformer((operation, context, _) =>
            {
                Describe(operation, $"{context.Description.HttpMethod} /{context.Description.RelativePath!.TrimEnd('/')}");
                return Task.CompletedTask;
            });
        });
    }

    private static void Describe(OpenApiSchema schema, JsonTypeInfo json)
    {
        foreach (var absent in json.Properties.Where(IsLeftOut))
        {
            schema.Required?.Remove(absent.Name);
        }

        var plain = Nullable.GetUnderlyingType(json.Type) ?? json.Type;
        var text = plain == json.Type ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
        if (plain == typeof(DateTimeOffset))
        {
            (schema.Type, schema.Format, schema.Examples) = (text, "date-time", ["2026-11-24T09:03:12Z"]);
        }
        else if (plain == typeof(TimeSpan))
        {
            (schema.Type, schema.Format, schema.Pattern, schema.Examples) = (text, "duration", null, ["PT30S"]);
        }
        else if (plain.IsEnum)
        {
            schema.Type = JsonSchemaType.String;
            schema.Enum = [.. Enum.GetNames(plain).Select(name => (JsonNode)JsonNamingPolicy.CamelCase.ConvertName(name))];
        }
        else if (plain == typeof(IReadOnlyDictionary<string, ActualAction>))
        {
            schema.Type = JsonSchemaType.Object;
        }
        else if (plain == typeof(IReadOnlyList<DateTimeOffset>))
        {
            (schema.Type, schema.Items) = (JsonSchemaType.Array, new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" });
        }
    }

    /// <summary>What has no value is absent, unless its null says something.</summary>
    private static bool IsLeftOut(JsonPropertyInfo property) =>
        property.IsGetNullable
        && property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), false) is not [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.Never }];

    private static void Describe(OpenApiOperation operation, string name)
    {
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            parameter.Description ??= Parameters.GetValueOrDefault(parameter.Name!);
            if (parameter.Name == "limit")
            {
                parameter.Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "200", Default = 50 };
            }
        }

        if (name.EndsWith("/events", StringComparison.Ordinal))
        {
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = "Last-Event-ID", In = ParameterLocation.Header, Description = "Go on behind this event; 0 is from the beginning.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0" },
            });
        }

        if (name == "POST /contracts")
        {
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = "Idempotency-Key", In = ParameterLocation.Header, Description = "1 to 255 ASCII characters; the same key with the same body finds the same contract.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = 255 },
            });
            if (operation.RequestBody?.Content is { } bodies && bodies.TryGetValue("application/json", out var content))
            {
                content.Example = JsonNode.Parse(Example);
            }
        }
    }

    private const string Example = """
        {
          "deviceId": "agv-17",
          "task": { "taskId": "T-4711", "type": "deliver-pallet", "priority": 5 },
          "frame": "hall-3",
          "actions": [
            { "actionId": "a1", "actionType": "drive", "duration": { "min": "PT40S", "mode": "PT1M", "max": "PT2M" },
              "path": { "type": "LineString", "coordinates": [[2.0, 1.0], [18.5, 1.0]] } },
            { "actionId": "a2", "actionType": "pick", "duration": { "min": "PT20S", "mode": "PT30S", "max": "PT1M" } }
          ],
          "scope": { "actionTypes": ["drive", "pick"], "offlineAllowance": "PT10M", "stopTime": "PT10S" },
          "tolerance": { "schedule": "PT30S", "position": 5.0, "minFitness": 1.0 }
        }
        """;
}
