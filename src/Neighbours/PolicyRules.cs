using ExecutionManager.Contracts.Messages;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ExecutionManager.Neighbours;

/// <summary>Reads a rule table; examples/policy.yaml documents its form.</summary>
internal static class PolicyRules
{
    private static readonly Dictionary<string, RecoveryStrategy[]> Parameters = new()
    {
        ["delay"] = [RecoveryStrategy.Retry],
        ["from"] = [RecoveryStrategy.Retry],
        ["mayRepeat"] = [RecoveryStrategy.Retry, RecoveryStrategy.Reassign],
        ["until"] = [RecoveryStrategy.Hold],
        ["excludeDevices"] = [RecoveryStrategy.Reassign],
        ["severity"] = [RecoveryStrategy.Escalate],
    };

    /// <summary>The rules in their order. Worth nothing if <paramref name="faults"/> has noted any.</summary>
    public static IReadOnlyList<PolicyRule> Read(TextReader yaml, YamlFaults faults)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(yaml);
        }
        catch (YamlException exception)
        {
            faults.Note(exception.Start.Line, "YAML", exception.Message);
            return [];
        }
        if (stream.Documents is not [{ RootNode: YamlMappingNode root }])
        {
            faults.Note(1, "rules", "is missing; the file needs one list named rules");
            return [];
        }

        var table = new YamlSection(root, "", faults);
        List<PolicyRule> rules = [.. table.Sections("rules").Select(rule => ReadRule(rule.Section, rule.Line)).OfType<PolicyRule>()];
        table.RefuseOthers();
        return rules;
    }

    private static PolicyRule? ReadRule(YamlSection rule, long line)
    {
        var when = rule.Section("when") is { } condition ? ReadCondition(condition) : new();
        if (!rule.Has("then"))
            rule.Note("then", "is missing");
        var then = rule.Section("then") is { } choice ? ReadChoice(choice, line) : null;
        rule.RefuseOthers();
        return then is null ? null : new(when, then);
    }

    private static PolicyCondition ReadCondition(YamlSection when)
    {
        var condition = new PolicyCondition
        {
            Failure = when.Any("failure", WordConverter<FailureKind>.Parse),
            TaskType = when.Texts("taskType"),
            Attempt = when.Any("attempt", AttemptRange.Parse),
            Certainty = when.Any("certainty", WordConverter<Certainty>.Parse),
            Connected = when.One("connected", YesOrNo),
        };
        when.RefuseOthers();
        return condition;
    }

    private static PolicyChoice? ReadChoice(YamlSection then, long line)
    {
        if (!then.Has("strategy"))
            then.Note("strategy", "is missing");
        var strategy = then.One("strategy", WordConverter<RecoveryStrategy>.Parse);
        foreach (var (key, strategies) in Parameters)
        {
            if (strategy is { } given && then.Has(key) && !strategies.Contains(given))
                then.Note(key, $"means nothing for {WordConverter<RecoveryStrategy>.Format(given)}");
        }
        var choice = new PolicyChoice(strategy.GetValueOrDefault(), then.Text("reason") ?? $"the rule in line {line} of the table says so")
        {
            Delay = then.One("delay", DurationConverter.Parse),
            From = then.One("from", WordConverter<RetryFrom>.Parse),
            MayRepeat = then.One("mayRepeat", YesOrNo) ?? false,
            Until = then.One("until", DurationConverter.Parse),
            ExcludeDevices = then.Texts("excludeDevices"),
            Severity = then.Text("severity"),
        };
        then.RefuseOthers();
        return strategy is null ? null : choice;
    }

    private static bool YesOrNo(string text) => text switch
    {
        "true" => true,
        "false" => false,
        _ => throw new FormatException($"'{text}' is neither true nor false"),
    };
}
