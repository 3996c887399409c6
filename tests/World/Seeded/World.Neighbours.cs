using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Simulation;

namespace ExecutionManager.World.Tests;

/// <content>Equator, Policy Service, Planner, Scheduler and operators, as good and as bad as the seed wants them.</content>
internal sealed partial class World
{
    private readonly Dictionary<string, ActionBehaviour> behaviours = new(StringComparer.Ordinal);

    private void Hear(object request)
    {
        if (plan.IsScripted)
        {
            if ((request is ReassignmentRequested reassigned && plan.HasScheduler ? Assign(reassigned) : plan.Answer(request)) is { } scripted)
                answers.Add((Now, scripted));
            return;
        }
        var isOdd = !isKind && chance.NextDouble() < plan.Unkindness * 2;
        if (request is ReassignmentRequested || !isKind && request is EscalationRaised)
            census.Count(request is ReassignmentRequested ? "task reassigned" : "contract escalated");
        var (answer, older) = request switch
        {
            ReassignmentRequested reassignment when Assign(reassignment) is var assigned => (assigned, assigned),
            EscalationRaised raised => (Resolve(raised), (object)Resolve(raised with { EscalationId = NextId() })),

            SpatialDataRequested data => (Provide(data, isOdd), (object)Provide(data with { RequestId = NextId() }, false)),
            RecoveryRequested recovery => (Decide(recovery, isOdd), Decide(recovery with { RecoveryId = NextId() }, false)),
            ReplanRequested replan => (Replan(replan, isOdd), Replan(replan with { ReplanId = NextId() }, false)),
            _ => throw new ArgumentException($"Nobody answers a {request.GetType()}.", nameof(request)),
        };
        if (isKind || chance.NextDouble() > plan.Unkindness)
        {
            answers.Add((Now, answer));
            return;
        }
        switch (chance.Next(4))
        {
            case 0:
                census.Count("neighbour silent");
                break;
            case 1:
                census.Count("neighbour late");
                answers.Add((Now + TimeSpan.FromSeconds(chance.Next(5, 60)), answer));
                break;
            case 2:
                census.Count("neighbour answers twice");
                answers.Add((Now, answer));
                answers.Add((Now + TimeSpan.FromSeconds(chance.Next(0, 20)), answer));
                break;
            default:
                census.Count("neighbour answers an older request");
                answers.Add((Now, older));
                answers.Add((Now, answer));
                break;
        }
    }

    public static SpatialDataProvided Provided(SpatialDataRequested request)
    {
        var content = Encoding.UTF8.GetBytes("{\"type\":\"FeatureCollection\",\"features\":[]}");
        return new SpatialDataProvided
        {
            ContractId = request.ContractId, RequestId = request.RequestId, MediaType = "application/geo+json", Content = Convert.ToBase64String(content),
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(content)),
        };
    }

    private object Provide(SpatialDataRequested request, bool isOdd)
    {
        var provided = Provided(request);
        if (!isOdd)
            return provided;
        census.Count("data refused or wrong");
        return chance.Next(2) == 0
            ? new SpatialDataUnavailable { ContractId = request.ContractId, RequestId = request.RequestId, Reason = "no such source" }
            : provided with { Sha256 = Convert.ToHexStringLower(SHA256.HashData([1])) };
    }

    private RecoveryDecided Decide(RecoveryRequested request, bool isOdd)
    {
        var decided = new RecoveryDecided
        {
            ContractId = request.ContractId, RecoveryId = request.RecoveryId, MayRepeat = true, Reason = "decided",
            Strategy = request.Refused is not null || request.Earlier.Count > 2 ? RecoveryStrategy.Abort : RecoveryStrategy.Retry,
        };
        if (isKind)
            return decided;
        if (isOdd)
        {
            census.Count("strategy that is refused");
            return decided with { Strategy = chance.Next(2) == 0 ? RecoveryStrategy.Reassign : RecoveryStrategy.Retry, MayRepeat = null };
        }
        return chance.Next(13) switch
        {
            8 or 9 or 10 => decided with { Strategy = RecoveryStrategy.Reassign },
            11 => decided with { Strategy = RecoveryStrategy.Escalate },
            0 => decided with { Strategy = RecoveryStrategy.Abort },
            1 => decided with { Strategy = RecoveryStrategy.Hold },
            2 => decided with { Strategy = RecoveryStrategy.Hold, Until = Now + TimeSpan.FromSeconds(chance.Next(5, 60)) },
            3 => decided with { Delay = TimeSpan.FromSeconds(chance.Next(1, 20)) },
            4 => decided with { From = RetryFrom.All },
            _ => decided,
        };
    }

    private object Replan(ReplanRequested request, bool isOdd)
    {
        if (isOdd)
        {
            census.Count("replan failed or invalid");
            return chance.Next(2) == 0
                ? new ReplanFailed { ContractId = request.ContractId, ReplanId = request.ReplanId, Reason = "no way" }
                : new PlanRevised { ContractId = request.ContractId, ReplanId = request.ReplanId, Actions = [.. request.RemainingActions.Select(action => action with { ActionType = "fly" })] };
        }
        if (request.Reason == ReplanReason.LateEvidence)
            return new PlanRevised { ContractId = request.ContractId, ReplanId = request.ReplanId, Actions = request.RemainingActions };
        if (request.RemainingActions.Count == 0 || chance.Next(3) == 0)
            return new PlanKept { ContractId = request.ContractId, ReplanId = request.ReplanId };
        var extra = request.RemainingActions[^1] with { ActionId = $"n{request.Revision}-{chance.Next(1000)}", RetryOf = null };
        return new PlanRevised { ContractId = request.ContractId, ReplanId = request.ReplanId, Actions = [.. request.RemainingActions, extra] };
    }

    /// <summary>The Scheduler gives what is left to another device, as a contract of its own.</summary>
    public TaskAssigned Assign(ReassignmentRequested request)
    {
        var document = JsonNode.Parse(submitted.Last(one => one.GetProperty("contractId").GetGuid() == request.ContractId).GetRawText())!.AsObject();
        var contract = NextId();
        document["contractId"] = contract;
        document["deviceId"] = Any(links.Where(link => !request.ExcludeDevices.Contains(link.Name)).ToList()).Name;
        document["actions"] = JsonSerializer.SerializeToNode(request.RemainingActions, WireJson.Options);
        document["scope"]!.AsObject().Remove("notAfter");
        submitted.Add(JsonSerializer.SerializeToElement(document));
        laws.Name(contract);
        return TaskAssigned.From(submitted[^1].Deserialize<ContractDocument>(WireJson.Options)!);
    }

    /// <summary>An operator decides by what is allowed; a standstill is attested only by who has seen it.</summary>
    private EscalationResolved Resolve(EscalationRaised raised)
    {
        var resolved = new EscalationResolved { ContractId = raised.ContractId, EscalationId = raised.EscalationId, MayRepeat = true, Reason = "looked at it", By = "an operator" };
        if (laws.IsGone(raised.ContractId))
        {
            census.Count("standstill attested");
            return resolved with { AttestedStopped = true, Strategy = chance.Next(2) == 0 && raised.AllowedStrategies.Contains(RecoveryStrategy.Reassign) ? RecoveryStrategy.Reassign : RecoveryStrategy.Abort };
        }
        return resolved with { Strategy = isKind ? RecoveryStrategy.Abort : Any(raised.AllowedStrategies) };
    }

    /// <summary>A device errs until the world becomes kind; what it has begun it ends as it began.</summary>
    private DeviceScript Script(int seed)
    {
        var (seeded, own) = (DeviceScript.Seeded(seed, plan.DeviceFaults), new Random(seed));
        return new DeviceScript
        {
            OnAction = action =>
            {
                var key = $"{action.ContractId}/{action.ActionId}";
                if (!behaviours.TryGetValue(key, out var behaviour))
                {
                    behaviour = isKind ? ActionBehaviour.AsPlanned
                        : own.NextDouble() >= plan.Divergence ? seeded.OnAction(action)
                        : own.Next(3) switch
                        {
                            0 => new ActionBehaviour { Skip = true },
                            1 => new ActionBehaviour { ExtraBefore = action.ActionType },
                            _ => new ActionBehaviour { WrongData = true },
                        };
                    if (behaviour is { Fraction: 1 })
                        behaviour = behaviour with { Fraction = 1 + chance.Next(0, 8) };
                    behaviours[key] = behaviour;
                    if (behaviour != ActionBehaviour.AsPlanned)
                        census.Count($"device {Kind(behaviour)}");
                }
                return behaviour;
            },
            OnPush = push =>
            {
                var answer = isKind ? PushAnswer.Accept : seeded.OnPush(push);
                if (answer.IsSilent || answer.ReasonCode is not null)
                    census.Count(answer.IsSilent ? "device does not answer a push" : "device refuses a push");
                return answer;
            },
        };

        static string Kind(ActionBehaviour behaviour) => behaviour switch
        {
            { FailWith: not null } => "fails an action",
            { Skip: true } => "skips an action",
            { ExtraBefore: not null } => "does an extra action",
            { WrongData: true } => "uses other data",
            { FaultWith: not null } => "has a fault",
            { Violate: not null } => "violates its scope",
            { PauseFor: not null } => "pauses by itself",
            _ => "overruns",
        };
    }
}
