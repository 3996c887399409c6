using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ExecutionManager.Contracts.Messages;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ExecutionManager.Neighbours;

/// <summary>The tasks of a file, each a contract document, and the devices there are; examples/tasks.yaml documents its form.</summary>
internal sealed record AssignedTasks(IReadOnlyList<string> Devices, IReadOnlyList<ContractDocument> Tasks)
{
    public static readonly AssignedTasks None = new([], []);

    /// <summary>Where they come from; null when no file is given.</summary>
    public string? File { get; init; }

    private static readonly JsonSerializerOptions Strict = new(WireJson.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    /// <summary>Worth nothing if <paramref name="faults"/> has noted any.</summary>
    public static AssignedTasks Read(TextReader yaml, YamlFaults faults)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(yaml);
        }
        catch (YamlException exception)
        {
            faults.Note(exception.Start.Line, "YAML", exception.Message);
            return None;
        }
        if (stream.Documents is not [{ RootNode: YamlMappingNode root }])
        {
            faults.Note(1, "tasks", "is missing; the file needs a list named tasks and one named devices");
            return None;
        }

        var file = new YamlSection(root, "", faults);
        var devices = file.Texts("devices") ?? [];
        if (!file.Has("devices"))
            file.Note("devices", "is missing");
        var tasks = new List<ContractDocument>();
        foreach (var (index, (_, section)) in file.Sections("tasks").Index())
        {
            if (Read(section.Node, $"tasks[{index}]", faults) is not { } task)
                continue;
            if (tasks.Any(other => other.Task!.TaskId == task.Task!.TaskId))
                faults.Note(section.Node, $"tasks[{index}].task.taskId", $"'{task.Task!.TaskId}' was given before");
            tasks.Add(task);
        }
        file.RefuseOthers();
        return new(devices, tasks);
    }

    private static ContractDocument? Read(YamlMappingNode node, string path, YamlFaults faults)
    {
        ContractDocument task;
        try
        {
            task = JsonSerializer.Deserialize<ContractDocument>(Json(node)!.ToJsonString(), Strict)!;
        }
        catch (JsonException exception)
        {
            var key = exception.Path is { Length: > 2 } place ? place[2..] : "";
            faults.Note(Line(node, key), key.Length > 0 ? $"{path}.{key}" : path, Reason(exception));
            return null;
        }

        var missing = Missing(task).ToList();
        foreach (var (key, fault) in missing)
            faults.Note(Line(node, key), $"{path}.{key}", fault);
        return missing is [] ? task : null;
    }

    /// <summary>What no assignment can do without, or what is not its to give. The Execution Manager checks the rest.</summary>
    private static IEnumerable<(string Key, string Fault)> Missing(ContractDocument task)
    {
        const string missing = "is missing", notYours = "is made by the Execution Manager";
        var required = new (string Key, bool IsThere)[]
        {
            ("deviceId", task.DeviceId is not null), ("task.taskId", task.Task?.TaskId is not null), ("task.type", task.Task?.Type is not null),
            ("actions", task.Actions is [_, ..]), ("scope.actionTypes", task.Scope?.ActionTypes is [_, ..]), ("scope.offlineAllowance", task.Scope?.OfflineAllowance is not null),
        };
        var given = new (string Key, bool IsThere)[]
        {
            ("contractId", task.ContractId is not null), ("revision", task.Revision is not null),
            ("fencingToken", task.FencingToken is not null), ("plannedAtSeq", task.PlannedAtSeq is not null),
        };
        return required.Where(field => !field.IsThere).Select(field => (field.Key, missing))
            .Concat(given.Where(field => field.IsThere).Select(field => (field.Key, field.Key == "contractId" ? "is made by the Scheduler" : notYours)));
    }

    /// <summary>The line that a path leads to, or as far as it leads.</summary>
    private static long Line(YamlNode node, string path)
    {
        var line = node.Start.Line;
        foreach (var step in path.Split(['.', '[', ']'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (node is YamlMappingNode mapping && mapping.Children.FirstOrDefault(child => child.Key.ToString() == step) is { Key: { } key, Value: var value })
                (line, node) = (key.Start.Line, value);
            else if (node is YamlSequenceNode list && int.TryParse(step, CultureInfo.InvariantCulture, out var index) && index < list.Children.Count)
                (line, node) = (list.Children[index].Start.Line, list.Children[index]);
            else
                break;
        }
        return line;
    }

    /// <summary>The same in JSON: plain true, false, null and numbers are what they look like, all else is text.</summary>
    private static JsonNode? Json(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new JsonObject(mapping.Children.Select(child => KeyValuePair.Create(child.Key.ToString(), Json(child.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Json)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" } => true,
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "false" } => false,
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "" or "null" or "~" } => null,
        YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text } when decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        YamlScalarNode scalar => scalar.Value,
        _ => throw new InvalidOperationException($"A {node.NodeType} was not resolved."),
    };

    // The path is named by its own key already.
    private static string Reason(JsonException exception) => exception.Message.Contains("could not be mapped to any .NET member", StringComparison.Ordinal)
        ? "is not known here"
        : exception.Message.Split(" Path: ")[0];
}
