using System.Security.Cryptography;
using System.Text.RegularExpressions;
using NetTopologySuite.Geometries;

namespace ExecutionManager.Domain;

/// <summary>What a contract must mean, whoever made it.</summary>
internal static partial class ContractRules
{
    public const int MaxActions = 500;
    public const int MaxData = 100;

    /// <summary>Stands where neither a hash was given nor one can be taken.</summary>
    public static readonly string NoHash = new('0', 64);

    // Keeps every sum of 500 durations, and every lease, inside what an instant can hold.
    private static readonly TimeSpan MaxSpan = TimeSpan.FromDays(3650);

    public static void Check(Contract contract, DateTimeOffset now, ErrorList errors)
    {
        void Rule(bool kept, string path, string reason)
        {
            if (!kept && errors.IsReadable(path))
            {
                errors.Add(path, reason);
            }
        }

        void Id(string? id, string path) => Rule(id is null || Ids().IsMatch(id), path, "must be 1 to 64 of A-Z a-z 0-9 _ -");
        void Word(string word, string path) => Rule(Words().IsMatch(word), path, "must be 1 to 200 characters, none of them a control character");
        void Span(TimeSpan span, string path) => Rule(span <= MaxSpan, path, "must not be longer than P3650D");

        Rule(contract.ContractId != Guid.Empty, "contractId", "must not be the empty UUID");
        Id(contract.DeviceId, "deviceId");
        Id(contract.Task.TaskId, "task.taskId");
        Word(contract.Task.Type, "task.type");
        Word(contract.Frame, "frame");
        CheckScope();
        CheckActions(CheckArea());
        CheckData();
        Span(contract.Tolerance.Schedule, "tolerance.schedule");
        Rule(contract.Tolerance.Schedule >= TimeSpan.Zero, "tolerance.schedule", "must not be negative");
        Rule(contract.Tolerance.Position >= 0, "tolerance.position", "must not be negative");
        Rule(contract.Tolerance.MinFitness is >= 0 and <= 1, "tolerance.minFitness", "must be 0 to 1");

        void CheckScope()
        {
            var scope = contract.Scope;
            Rule(scope.ActionTypes.Count > 0, "scope.actionTypes", "must not be empty");
            for (var i = 0; i < scope.ActionTypes.Count; i++)
            {
                Word(scope.ActionTypes[i], $"scope.actionTypes[{i}]");
            }
            Rule(!(scope.NotBefore >= scope.NotAfter), "scope.notBefore", "must be before notAfter");
            Rule(!(scope.NotAfter <= now), "scope.notAfter", "is already over");
            Rule(scope.OfflineAllowance > TimeSpan.Zero, "scope.offlineAllowance", "must be longer than zero");
            Rule(scope.StopTime >= TimeSpan.Zero, "scope.stopTime", "must not be negative");
            Span(scope.OfflineAllowance, "scope.offlineAllowance");
            Span(scope.StopTime, "scope.stopTime");
        }

        Func<Geometry, bool>? CheckArea()
        {
            if (contract.Scope.Area is not { } json || !errors.IsReadable("frame"))
            {
                return null;
            }
            var (area, reason) = Geometries.ReadArea(json, contract.Frame);
            Rule(reason is null, "scope.area", reason ?? "");
            return area is null ? null : Geometries.Inside(area);
        }

        void CheckActions(Func<Geometry, bool>? inside)
        {
            Rule(contract.Actions.Count is >= 1 and <= MaxActions, "actions", $"must be 1 to {MaxActions} actions");
            var ids = new HashSet<string>(StringComparer.Ordinal);
            var types = contract.Scope.ActionTypes.ToHashSet(StringComparer.Ordinal);
            var typesKnown = types.Count > 0 && errors.IsReadable("scope.actionTypes");
            for (var i = 0; i < contract.Actions.Count; i++)
            {
                var action = contract.Actions[i];
                var path = $"actions[{i}]";
                Id(action.ActionId, $"{path}.actionId");
                Rule(ids.Add(action.ActionId), $"{path}.actionId", "is the id of an earlier action, too");
                Id(action.RetryOf, $"{path}.retryOf");
                Word(action.ActionType, $"{path}.actionType");
                Rule(!typesKnown || types.Contains(action.ActionType), $"{path}.actionType", "is not one of scope.actionTypes");
                CheckDuration(action.Duration, $"{path}.duration");
                CheckPath(action, $"{path}.path", inside);
            }
        }

        void CheckDuration(ActionDuration duration, string path)
        {
            Rule(duration.Min > TimeSpan.Zero, $"{path}.min", "must be longer than zero");
            Rule(duration.Min <= duration.Mode, $"{path}.min", "must not be longer than mode");
            Rule(duration.Min <= duration.Max, $"{path}.min", "must not be longer than max");
            Rule(duration.Mode <= duration.Max, $"{path}.mode", "must not be longer than max");
            Span(duration.Max, $"{path}.max");
        }

        void CheckPath(PlannedAction action, string path, Func<Geometry, bool>? inside)
        {
            if (action.Path is not { } json || !errors.IsReadable("frame"))
            {
                return;
            }
            var (geometry, reason) = Geometries.ReadPath(json, contract.Frame);
            Rule(reason is null, path, reason ?? "");
            Rule(geometry is null || inside is null || inside(geometry), path, "leaves scope.area");
        }

        void CheckData()
        {
            var names = new HashSet<string>(StringComparer.Ordinal);
            for (var i = 0; i < contract.Data.Count; i++)
            {
                var item = contract.Data[i];
                Id(item.Name, $"data[{i}].name");
                Rule(names.Add(item.Name), $"data[{i}].name", "is the name of earlier data, too");
                Word(item.MediaType, $"data[{i}].mediaType");
                Rule(Hashes().IsMatch(item.Sha256), $"data[{i}].sha256", "must be 64 hex digits");
                if (item.Content is { } content)
                {
                    var bytes = ContractData.Decode(content);
                    Rule(bytes is not null, $"data[{i}].content", "must be base64");
                    Rule(bytes is null || Convert.ToHexStringLower(SHA256.HashData(bytes)) == item.Sha256,
                        $"data[{i}].sha256", "is not the hash of the decoded content");
                }
            }
            var data = names.ToHashSet(StringComparer.Ordinal);
            for (var i = 0; i < contract.DataRequests.Count; i++)
            {
                var request = contract.DataRequests[i];
                Id(request.Name, $"dataRequests[{i}].name");
                Rule(!data.Contains(request.Name), $"dataRequests[{i}].name", "is a name in data, too");
                Rule(names.Add(request.Name) || data.Contains(request.Name), $"dataRequests[{i}].name", "is the name of an earlier request, too");
                Word(request.Source, $"dataRequests[{i}].source");
            }
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,64}\z")]
    private static partial Regex Ids();

    [GeneratedRegex(@"^(?=.*\S)[^\p{Cc}]{1,200}\z")]
    private static partial Regex Words();

    [GeneratedRegex(@"^[0-9a-f]{64}\z")]
    private static partial Regex Hashes();
}
